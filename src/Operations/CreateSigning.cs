using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a signed snapshot says of the one before it, and what the signed list says of all.</summary>
internal static class CreateSigning
{
    /// <summary>Adds what was made to the signed list.</summary>
    public static void List(CreatePlan plan, RepositoryLock held, TimeProvider clock, RunProgress progress)
    {
        if (plan.Signer?.Update(held, [], clock.GetUtcNow()) is { } trouble)
        {
            progress.Say(
                Severity.Warning,
                $"{held.Layout.Manifest} {trouble}: a new one was made, of the snapshots that are signed; see that all are right, and run 'vertex-ar-backup key sign'");
        }
    }

    /// <summary>The snapshot before a new one, by the hash of its header.</summary>
    /// <param name="plan">Whether the new one is signed, and whether it is imported.</param>
    /// <param name="store">Where it will be.</param>
    /// <param name="earlier">Those that are there, oldest first.</param>
    /// <param name="id">The new one.</param>
    /// <returns>Null if there is none, or the new one is not signed.</returns>
    public static SnapshotLink? Previous(CreatePlan plan, SnapshotStore store, List<Snapshot> earlier, SnapshotId id)
    {
        var before = plan.Signer is null ? null : earlier.FindLast(snapshot => plan.Origin is null || snapshot.Id < id);
        return before is null ? null : new SnapshotLink(before.Id, store.HeaderDigest(before.Id));
    }
}
