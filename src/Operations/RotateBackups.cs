using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a rotation did, or would do.</summary>
/// <param name="Decisions">One for each snapshot, with reasons.</param>
/// <param name="FreedBytes">What the disk got back.</param>
/// <param name="Postponed">Somebody was reading, so nothing was deleted.</param>
/// <param name="Damaged">Snapshots that could not be read: they were neither counted nor removed.</param>
internal sealed record RotateResult(
    IReadOnlyList<RetentionDecision> Decisions, long FreedBytes, bool Postponed, IReadOnlyList<DamagedSnapshot> Damaged)
{
    /// <summary>The sources that lost their content, so that nothing was removed.</summary>
    public IReadOnlyList<HeldSource> Held { get; init; } = [];
}

/// <summary>Removes the snapshots that retention does not keep, and then the packs that nobody names any more.</summary>
internal static class RotateBackups
{
    /// <param name="held">The lock of the repository.</param>
    /// <param name="rules">What to keep.</param>
    /// <param name="site">Whose snapshots are judged; those of others stay.</param>
    /// <param name="dryRun">Decide, and delete nothing.</param>
    /// <param name="clock">Whose zone says where a day ends.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="signer">Takes what is removed off the signed list first; null where none is kept.</param>
    public static RotateResult Run(
        RepositoryLock held, RetentionRules rules, SiteIdentity site, bool dryRun, TimeProvider clock, RunProgress progress, SnapshotSigner? signer = null)
    {
        if (!dryRun)
        {
            held.Layout.SeeAnew();
        }

        var (whole, damaged) = new SnapshotStore(held.Layout).ReadAll();
        var now = clock.GetUtcNow();
        if (WrongClock.Proof(whole.Select(snapshot => snapshot.Id), now) is { } proof)
        {
            progress.Say(Severity.Warning, $"nothing is rotated: {WrongClock.Sentence(proof, now)}; set it, as with '{WrongClock.Mend}'");
            return new RotateResult([], 0, Postponed: false, damaged);
        }

        var items = RetentionItem.Of(whole, site, now);
        var decisions = Retention.Decide(items, rules, clock.LocalTimeZone);
        var result = new RotateResult(decisions, 0, Postponed: false, damaged) { Held = ShrinkHold.Of(items) };
        foreach (var id in decisions.Where(decision => decision.IsPassedOver).Select(decision => decision.Item.Id))
        {
            progress.Say(
                Severity.Warning,
                $"{FutureId.Named(id, now)} and is passed over: it counts for nothing and stays; if that clock is right, remove it: {FutureId.Removal(id, held.Layout.Snapshots)}");
        }

        if (dryRun)
        {
            return result;
        }

        using var alone = ReaderGuard.TryForDeleting(held);
        if (alone is null)
        {
            progress.Say(Severity.Warning, "rotation is left to the next run: a restore, verify or drill is reading the snapshots");
            return result with { Postponed = true };
        }

        List<SnapshotId> gone = [.. decisions.Where(d => !d.Keep).OrderBy(d => d.Item.Id).Select(d => d.Item.Id)];
        var theirs = PacksOf(held, whole.FindAll(snapshot => gone.Contains(snapshot.Id)));
        held.Require();
        TakeOffList(held, gone, signer, now, progress);
        SnapshotStore.Remove(held, gone);
        return result with { FreedBytes = Free(held, alone, damaged, progress, theirs) };
    }

    /// <summary>A list that cannot be signed any more is removed: it would call lost what was rotated away.</summary>
    private static void TakeOffList(RepositoryLock held, List<SnapshotId> gone, SnapshotSigner? signer, DateTimeOffset now, RunProgress progress)
    {
        if (gone.Count == 0)
        {
            return;
        }

        if (signer is not null)
        {
            _ = signer.Update(held, gone, now);
        }
        else if (AtomicFile.RemoveIfThere(held.Layout.Manifest))
        {
            progress.Say(Severity.Warning, $"{held.Layout.Manifest} is removed: no key is configured to sign it without what is rotated away");
        }
    }

    /// <summary>What snapshots name, as far as that can be read.</summary>
    private static HashSet<Digest> PacksOf(RepositoryLock held, List<Snapshot> snapshots)
    {
        var store = new SnapshotStore(held.Layout);
        var packs = new HashSet<Digest>();
        foreach (var snapshot in snapshots)
        {
            try
            {
                packs.UnionWith(store.ReadPackTable(snapshot).Select(pack => pack.Sha256));
            }
            catch (DamageError)
            {
                // They go when they are older.
            }
        }

        return packs;
    }

    /// <summary>Removes what no snapshot names; says so where damage forbids it.</summary>
    /// <param name="held">The repository.</param>
    /// <param name="alone">Nobody reads.</param>
    /// <param name="damaged">Snapshots that cannot be read.</param>
    /// <param name="progress">Told what stays.</param>
    /// <param name="ours">Packs that may go whatever their age.</param>
    public static long Free(RepositoryLock held, ReaderGuard alone, List<DamagedSnapshot> damaged, RunProgress progress, IReadOnlySet<Digest>? ours = null)
    {
        if (Sweep.Run(held, alone, ours) is { } freed)
        {
            return freed;
        }

        progress.Say(
            Severity.Warning,
            $"no pack was deleted: {(damaged.Count > 0 ? $"snapshot {damaged[0].Id} is damaged" : "a snapshot is damaged or was just removed from elsewhere")}, and which packs are needed cannot be told; see 'vertex-ar-backup verify'");
        return 0;
    }
}
