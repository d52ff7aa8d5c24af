namespace VertexAr.Backup.Model;

/// <summary>
/// From the oldest to the newest. That is the order of the IDs, but for snapshots that are dated in the future: the ones made later
/// list them as older.
/// </summary>
internal static class SnapshotOrder
{
    public static List<Snapshot> Sort(IEnumerable<Snapshot> snapshots) =>
        Sort(snapshots, static snapshot => snapshot.Id, static snapshot => snapshot.Header.Older);

    public static List<SnapshotHeader> Sort(IEnumerable<SnapshotHeader> headers) =>
        Sort(headers, static header => SnapshotId.Parse(header.Id)!.Value, static header => header.Older);

    /// <param name="items">In any order.</param>
    /// <param name="id">The ID of one.</param>
    /// <param name="older">Those that are older than it and have a later ID.</param>
    public static List<T> Sort<T>(IEnumerable<T> items, Func<T, SnapshotId> id, Func<T, IReadOnlyList<SnapshotId>> older)
    {
        List<T> sorted = [.. items.OrderBy(id)];
        if (!sorted.Exists(item => older(item).Count > 0))
        {
            return sorted;
        }

        var byId = sorted.ToDictionary(id);
        var (ordered, seen, placed) = (new List<T>(sorted.Count), new HashSet<SnapshotId>(), new HashSet<SnapshotId>());
        var open = new Stack<T>();
        foreach (var item in sorted)
        {
            open.Push(item);
            while (open.TryPeek(out var top))
            {
                // Before it come those that it lists, and before them those that they list.
                if (seen.Add(id(top)))
                {
                    older(top).Where(other => byId.ContainsKey(other) && !seen.Contains(other)).OrderDescending().ToList().ForEach(other => open.Push(byId[other]));
                }
                else if (placed.Add(id(open.Pop())))
                {
                    ordered.Add(top);
                }
            }
        }

        return ordered;
    }

    /// <summary>
    /// The ID of a snapshot that is made now: the second that it began, or the one after every other where that is taken or a clock
    /// was set back by less than a day. IDs that are further ahead are passed over: the new header lists them as older.
    /// </summary>
    /// <param name="began">When it began.</param>
    /// <param name="taken">All IDs that are in use.</param>
    public static SnapshotId Next(DateTimeOffset began, IReadOnlyCollection<SnapshotId> taken)
    {
        var now = SnapshotId.At(began);
        var newest = taken.Where(id => !FutureId.Is(id, began)).DefaultIfEmpty().Max();
        var next = newest < now ? now : newest.Next();
        while (taken.Contains(next))
        {
            next = next.Next();
        }

        return next;
    }
}
