using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Names a new snapshot after the time at which it begins.</summary>
internal static class CreateId
{
    private const int AheadNamed = 3;

    /// <summary>Names say what is newest, also to rotation, when the clock was set back between two runs.</summary>
    /// <param name="startedAt">When the run began.</param>
    /// <param name="taken">What stands for a snapshot, or did.</param>
    /// <param name="existing">Snapshots that are there.</param>
    /// <param name="layout">Where they are.</param>
    /// <param name="progress">Hears of a clock that must be wrong.</param>
    public static SnapshotId Next(DateTimeOffset startedAt, List<SnapshotId> taken, List<SnapshotId> existing, Layout layout, RunProgress progress)
    {
        var id = SnapshotOrder.Next(startedAt, taken);
        while (IsThere(id, layout))
        {
            id = SnapshotOrder.Next(startedAt, [.. taken, id]);
        }

        if (WrongClock.Proof(existing, startedAt) is { } proof)
        {
            progress.Say(Severity.Warning, $"{WrongClock.Sentence(proof, startedAt)}: set it, as with '{WrongClock.Mend}'; this snapshot is named after the wrong time, and nothing is rotated until then");
            return id;
        }

        if (SnapshotId.At(startedAt + TimeSpan.FromMinutes(1)) < id)
        {
            progress.Say(Severity.Warning, $"the clock is behind snapshot {taken.Where(other => other < id).Max()}, so this one is named after it; is the time of this machine right?");
        }

        var ahead = existing.FindAll(other => FutureId.Is(other, startedAt));
        foreach (var other in ahead.TakeLast(AheadNamed))
        {
            progress.Say(
                Severity.Warning,
                $"the clock is behind snapshot {other}, which counts as older than this one; if the time of this machine is right, remove it: "
                    + FutureId.Removal(other, layout.Snapshots));
        }

        if (ahead.Count > AheadNamed)
        {
            progress.Say(Severity.Warning, $"it is behind {ahead.Count - AheadNamed} more snapshots; 'vertex-ar-backup list' shows them");
        }

        return id;
    }

    /// <summary>What is imported takes its place among the others by its own time: the next second that is free.</summary>
    public static SnapshotId Free(DateTimeOffset startedAt, List<SnapshotId> taken, Layout layout)
    {
        var id = SnapshotId.At(startedAt);
        while (taken.Contains(id) || IsThere(id, layout))
        {
            id = id.Next();
        }

        return id;
    }

    /// <summary>A share goes on showing for some time which names a directory had: what another machine has just published is found by asking for it.</summary>
    private static bool IsThere(SnapshotId id, Layout layout) => AtomicFile.IsTaken(layout.Header(id), anew: true);
}
