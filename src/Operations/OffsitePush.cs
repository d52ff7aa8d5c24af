using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Remote;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Copies what is new to the second place. The mark goes first, then packs, then lists, then headers: whoever looks there at
/// any moment finds a repository that is whole. After each step what is there is listed and compared; what rclone says of
/// itself is not taken for it.
/// </summary>
internal sealed class OffsitePush
{
    private const int WarningsTold = 5;

    private readonly CopyLock held;
    private readonly SnapshotStore store;
    private readonly OffsiteSnapshots offsite;
    private readonly OffsitePlan plan;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly HashSet<string> damaged;

    private OffsitePush(CopyLock held, SnapshotStore store, OffsiteSnapshots offsite, OffsitePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        (this.held, this.store, this.offsite, this.plan, this.clock, this.progress, this.stop) = (held, store, offsite, plan, clock, progress, stop);
        damaged = OffsiteDamage.Read(store.Layout);
    }

    /// <exception cref="UserError">Not all is there, and why; what is there stays and is not sent again. Or the right to copy was taken away.</exception>
    public static OffsitePushResult Run(
        CopyLock held, SnapshotStore store, OffsiteSnapshots offsite, OffsitePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        try
        {
            return new OffsitePush(held, store, offsite, plan, clock, progress, stop).Run();
        }
        catch (Exception e) when (e is IOException or UserError && held.Lost(e) is { } lost)
        {
            throw lost;
        }
    }

    private RemoteListing There => offsite.There;

    private OffsitePushResult Run()
    {
        CheckMark();
        var writer = new OffsiteWriter(store, offsite, plan, clock, progress);
        writer.Claim();
        var (whole, broken) = store.ReadAll();
        var retention = plan.Rules is { } rules ? new OffsiteRetention(held, store, offsite, rules, plan.Site, clock, progress) : null;
        var here = new OffsiteHere(store, retention?.Worthwhile(whole) ?? whole, There.Size);
        here.LeaveOutBroken(There.Size);
        var packs = CopyPlan.Decide(here.Packs(), There.Size, damaged);
        var lists = CopyPlan.Decide(here.Lists(), There.Size, damaged);
        var headers = CopyPlan.Decide(here.Headers(), There.Size, damaged);
        writer.Compare(lists.Wrong.Concat(headers.Wrong).Select(item => item.Name));
        if (!plan.DryRun)
        {
            held.Require();
            writer.Announce();
        }

        var sent = plan.DryRun
            ? (Files: Count(packs, lists, headers), Bytes: packs.Bytes + lists.Bytes + headers.Bytes)
            : Send(here, packs, lists, headers);

        List<DamagedSnapshot> bad = [.. broken.Select(b => b with { Reason = $"its header {b.Reason}" }), .. here.Bad.Select(b => new DamagedSnapshot(b.Key, $"it {b.Value}"))];
        var signing = plan.Signer is null || plan.DryRun ? null : new OffsiteSigning(held, plan.Signer, store, offsite, clock, progress);
        var tampering = signing?.Look() ?? [];
        var isListed = false;
        var (removed, freed) = bad.Count == 0 && retention is not null ? retention.Run(plan.DryRun, List) : ([], 0);
        if (!isListed)
        {
            List([]);
        }
        return new OffsitePushResult
        {
            Snapshots = headers.Missing.Count(item => here.Snapshots.Any(snapshot => item.Name == Layout.Below.Header(snapshot.Id))),
            Files = sent.Files,
            Bytes = sent.Bytes,
            Newest = here.Snapshots is [.., var newest] ? newest : null,
            Bad = bad,
            Tampering = tampering,
            Removed = removed,
            FreedBytes = freed,
        };

        void List(IReadOnlyCollection<SnapshotId> without)
        {
            isListed = true;
            signing?.Publish(without);
        }
    }

    /// <summary>What is another repository's, or none, is not written to.</summary>
    private void CheckMark()
    {
        var place = offsite.Rclone.Place.Remote;
        if (!offsite.IsMarked)
        {
            offsite.RefuseWrongPassword();
            // A first copy that broke off may have left these. Whose writer.json it is, is asked of that.
            var other = There.Files.Keys.FirstOrDefault(name => !OffsiteUpload.IsAside(name) && name != Layout.Below.Recovery && name != Layout.Below.Writer);
            if ((other ?? ForeignRecovery()) is { } foreign)
            {
                throw UserError.Failed($"{place} is no copy of a repository, and it is not empty: {foreign} is there", "use another prefix, or an empty one");
            }

            return;
        }

        RepositoryMark there;
        try
        {
            there = offsite.RequireMark();
        }
        catch (UserError e) when (e.InnerException is DamageError)
        {
            progress.Say(Severity.Warning, $"{Layout.Below.Mark} is damaged there, and is replaced");
            damaged.Add(Layout.Below.Mark);
            return;
        }

        if (there.Id != Repository.ReadMark(store.Layout).Id)
        {
            throw UserError.Failed($"{place} holds the copy of another repository", "use another prefix: each repository needs its own");
        }
    }

    /// <summary>The text there, if it is somebody else's of the same name, which would be replaced.</summary>
    private string? ForeignRecovery()
    {
        var name = Layout.Below.Recovery;
        if (There.Size(name) is null)
        {
            return null;
        }

        offsite.Fetch.Small([name]);
        var isOurs = UnmarkedDirectory.IsRecovery(offsite.Layout.Recovery);
        AtomicFile.RemoveIfThere(offsite.Layout.Recovery);
        return isOurs ? null : name;
    }

    private (int Files, long Bytes) Send(OffsiteHere here, CopyPlan packs, CopyPlan lists, CopyPlan headers)
    {
        var upload = new OffsiteUpload(offsite.Rclone, store.Layout.Root, SnapshotId.At(clock.GetUtcNow()), progress);
        held.Require();
        upload.RemoveLeftovers(There);
        Warn(packs, lists, headers);
        progress.Expect(packs.Bytes + lists.Bytes + headers.Bytes);
        try
        {
            var top = CopyPlan.Decide(here.Top(), There.Size, damaged);
            SendAhead(upload, here, top, packs, lists, headers);
            Send(upload, "", "copying the mark", top, here.Top);
            Send(upload, Layout.Below.Packs, "copying packs", packs, here.Packs, items => here.CheckPacks(items, stop));
            here.LeaveOutBroken(There.Size);
            Send(upload, Layout.Below.Snapshots, "copying lists", Of(here, lists), here.Lists);
            Send(upload, Layout.Below.Snapshots, "copying headers", Of(here, headers), () => here.Lists().Concat(here.Headers()), how: CopyHow.InOrder);
        }
        finally
        {
            if (!stop.IsCancellationRequested)
            {
                upload.Clean();
            }
        }

        OffsiteDamage.Write(store.Layout, [.. damaged.Except(Names(here))]);
        return (upload.Files, upload.Bytes);
    }

    /// <summary>A usual night's files go in one go where that is possible.</summary>
    private void SendAhead(OffsiteUpload upload, OffsiteHere here, CopyPlan top, CopyPlan packs, CopyPlan lists, CopyPlan headers)
    {
        List<CopyItem> all = [.. Items(top), .. Items(packs), .. Items(lists), .. Items(headers)];
        if (all.Count > 0 && OffsiteUpload.AreFew(all) && offsite.Rclone.Features().CanMove)
        {
            progress.Phase = "copying";
            upload.SendAhead([.. Items(top), .. here.CheckPacks(Items(packs), stop), .. Items(lists), .. Items(headers)]);
        }
    }

    /// <summary>Sends one step, and proves by a listing that all of it is there.</summary>
    private void Send(
        OffsiteUpload upload, string folder, string phase, CopyPlan step, Func<IEnumerable<CopyItem>> wanted,
        Func<IReadOnlyList<CopyItem>, IReadOnlyList<CopyItem>>? check = null, CopyHow how = CopyHow.New)
    {
        progress.Phase = phase;
        if (step.IsEmpty)
        {
            return;
        }

        upload.Send(folder, step, how, items =>
        {
            held.Require();
            return check is null ? items : check(items);
        });
        There.Replace(folder, offsite.Rclone.List(folder));
        var missing = CopyPlan.Decide(wanted(), There.Size, new HashSet<string>());
        if (missing.Missing.Concat(missing.Wrong).Select(item => item.Name).FirstOrDefault() is { } name)
        {
            throw UserError.Failed($"{name} was sent to {offsite.Rclone.Place.Remote} and is not there as it should be", "run 'vertex-ar-backup offsite push' again");
        }
    }

    private void Warn(params CopyPlan[] steps)
    {
        var wrong = steps.SelectMany(step => step.Wrong).ToList();
        foreach (var item in wrong.Take(WarningsTold))
        {
            progress.Say(Severity.Warning, damaged.Contains(item.Name) ? "was found damaged there, and is replaced" : "has another size there, and is replaced", item.Name);
        }

        if (wrong.Count > WarningsTold)
        {
            progress.Say(Severity.Warning, $"{Units.Count(wrong.Count - WarningsTold, "more file")} of a wrong size or content there are replaced");
        }
    }

    /// <summary>What of a step belongs to snapshots that are still to be copied.</summary>
    private static CopyPlan Of(OffsiteHere here, CopyPlan step)
    {
        var ids = here.Snapshots.Select(snapshot => snapshot.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        return new CopyPlan([.. step.Missing.Where(IsOf)], [.. step.Wrong.Where(IsOf)]);

        bool IsOf(CopyItem item) => ids.Contains(Path.GetFileName(item.Name).Split('.')[0]);
    }

    private static IEnumerable<string> Names(OffsiteHere here) =>
        here.Top().Concat(here.Packs()).Concat(here.Lists()).Concat(here.Headers()).Select(item => item.Name);

    private static List<CopyItem> Items(CopyPlan step) => [.. step.Missing, .. step.Wrong];

    private static int Count(params CopyPlan[] steps) => steps.Sum(step => step.Missing.Count + step.Wrong.Count);
}
