using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a signed snapshot says of the one before it, and what the signed list says of all.</summary>
internal static class CreateSigning
{
    /// <summary>
    /// The snapshots that a new one may be built upon. What is signed must not be made of what somebody else may have written: files that did
    /// not change are taken over unread.
    /// </summary>
    public static SnapshotStore Open(CreatePlan plan, Layout layout) =>
        new(layout, trust: plan.Signer is { } signer ? HeaderTrust.Of(signer.Trusted, layout) : null);

    /// <summary>Names the snapshots that cannot be built upon.</summary>
    public static void SayDamaged(List<DamagedSnapshot> damaged, RunProgress progress)
    {
        foreach (var one in damaged.Where(one => !one.IsUntrusted))
        {
            progress.Say(Severity.Warning, $"snapshot {one.Id} is damaged: its header {one.Reason}; see 'vertex-ar-backup verify'");
        }

        if (damaged.FindAll(one => one.IsUntrusted) is [var first, ..] untrusted)
        {
            progress.Say(
                Severity.Warning,
                $"{Units.Count(untrusted.Count, "snapshot")} not signed by a trusted key, {first.Id} first: nothing is taken over from there, so that what they have is stored once more; "
                    + "if they are yours, 'vertex-ar-backup key sign' vouches for them");
        }
    }

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

    /// <summary>The snapshot before a new one, by the hash of its header, whether it is signed or not.</summary>
    /// <param name="plan">Whether the new one is signed, and whether it is imported.</param>
    /// <param name="layout">Where it will be.</param>
    /// <param name="id">The new one.</param>
    /// <param name="now">What is dated much later is before nothing.</param>
    /// <returns>Null if there is none, or the new one is not signed.</returns>
    public static SnapshotLink? Previous(CreatePlan plan, Layout layout, SnapshotId id, DateTimeOffset now)
    {
        if (plan.Signer is null)
        {
            return null;
        }

        var store = new SnapshotStore(layout);
        var before = FutureId.Split(store.ReadAll().Whole, now).Dated.FindLast(snapshot => plan.Origin is null || snapshot.Id < id);
        return before is null ? null : new SnapshotLink(before.Id, store.HeaderDigest(before.Id));
    }
}
