using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>A source whose newest snapshot is marked as having lost its content.</summary>
internal sealed record HeldSource(SnapshotId Snapshot, string Name);

/// <summary>
/// Whether rotation is held: the newest snapshot of some source is marked, so whatever is older may be the last that has its
/// data. A pure function over any types: a source that has come back in another type of snapshot holds nothing. What is dated in the
/// future says nothing of what is newest, and what is of another site nothing of ours.
/// </summary>
internal static class ShrinkHold
{
    /// <summary>The sources that hold rotation; empty if none does.</summary>
    public static IReadOnlyList<HeldSource> Of(IEnumerable<RetentionItem> items)
    {
        var held = new List<HeldSource>();
        var seen = new HashSet<(SourceKind Kind, string Name)>();
        var settled = new HashSet<SourceKind>();
        foreach (var item in RetentionItem.NewestFirst(items.Where(item => item is { IsAhead: false, OtherHost: null })))
        {
            foreach (var source in item.Sources.Where(source => !settled.Contains(source.Kind) && seen.Add((source.Kind, source.Name)) && source.IsMarked))
            {
                held.Add(new HeldSource(item.Id, source.Name));
            }

            // What a complete snapshot does not have, the configuration did not name any more.
            if (item.State == SnapshotState.Complete)
            {
                settled.UnionWith(Enum.GetValues<SourceKind>().Where(kind => item.Type.Covers(kind)));
            }

            if (settled.Count == Enum.GetValues<SourceKind>().Length)
            {
                break;
            }
        }

        return held;
    }
}
