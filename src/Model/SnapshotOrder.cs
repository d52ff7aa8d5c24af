namespace VertexAr.Backup.Model;

/// <summary>
/// From the oldest to the newest. That is the order of the IDs, but for snapshots that were named while IDs were ahead of the
/// time: the ones made later, once names followed the time again, list them as older.
/// </summary>
internal static class SnapshotOrder
{
    /// <summary>How far a name is ahead before a later snapshot is named by the time again, in place of a second after it.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(1);

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

        var ordered = new List<T>(sorted.Count);
        var placed = new HashSet<SnapshotId>();
        foreach (var item in sorted)
        {
            var before = older(item).ToHashSet();
            ordered.AddRange(sorted.Where(other => before.Contains(id(other)) && placed.Add(id(other))));
            if (placed.Add(id(item)))
            {
                ordered.Add(item);
            }
        }

        return ordered;
    }

    /// <summary>
    /// The ID of a snapshot that is made now: the second that it began, or the one after every other where that is taken or a clock
    /// was set back. Once all that are far ahead of the time are known to have begun before, none can be taken for a newer one, and
    /// it is named by the time again.
    /// </summary>
    /// <param name="began">When it began.</param>
    /// <param name="taken">All IDs that are in use.</param>
    /// <param name="snapshots">All snapshots that can be read.</param>
    public static SnapshotId Next(DateTimeOffset began, IReadOnlyCollection<SnapshotId> taken, IEnumerable<Snapshot> snapshots)
    {
        var now = SnapshotId.At(began);
        var earlier = snapshots.Where(snapshot => IsAhead(snapshot.Header) && snapshot.Header.StartedAt <= began).Select(snapshot => snapshot.Id).ToHashSet();
        var newest = taken.Where(id => !earlier.Contains(id)).DefaultIfEmpty().Max();
        var next = newest < now ? now : newest.Next();
        return next.Time - began > Ahead || earlier.Any(id => id <= next) ? taken.Max().Next() : next;
    }

    /// <summary>Named more than an hour after it began, since there was an ID in the future. What was imported bears the time of its content.</summary>
    public static bool IsAhead(SnapshotHeader header) =>
        header.Origin is null && SnapshotId.Parse(header.Id) is { } id && id.Time - header.StartedAt > Ahead;
}
