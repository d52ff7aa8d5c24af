using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Removes in the second place what its own rules do not keep: headers, then lists, then packs that no table there names any
/// more. Nothing goes while a header or a table there cannot be read, since it may need any pack.
/// </summary>
internal sealed class OffsiteRetention
{
    private readonly CopyLock held;
    private readonly SnapshotStore store;
    private readonly OffsiteSnapshots offsite;
    private readonly RetentionRules rules;
    private readonly SiteIdentity? site;
    private readonly TimeZoneInfo zone;
    private readonly DateTimeOffset now;
    private readonly RunProgress progress;
    private readonly List<Snapshot> onlyThere;
    private readonly List<DamagedSnapshot> unread;

    public OffsiteRetention(CopyLock held, SnapshotStore store, OffsiteSnapshots offsite, RetentionRules rules, SiteIdentity? site, TimeProvider clock, RunProgress progress)
    {
        (this.held, this.store, this.offsite, this.rules, this.site, this.progress) = (held, store, offsite, rules, site, progress);
        (zone, now) = (clock.LocalTimeZone, clock.GetUtcNow());
        var here = store.Ids().ToHashSet();
        (onlyThere, unread) = offsite.FetchHeaders(offsite.Ids().Where(id => !here.Contains(id)));
    }

    /// <summary>Of the snapshots here, those that would stay there: what would be removed at once is not sent.</summary>
    public List<Snapshot> Worthwhile(List<Snapshot> here)
    {
        if (WrongClock.Proof(here.Concat(onlyThere).Select(snapshot => snapshot.Id), now) is not null)
        {
            return here;
        }

        var there = offsite.Ids().ToHashSet();
        var kept = Retention.DecideByRules(Items([.. here, .. onlyThere]), rules, zone).Where(decision => decision.Keep).Select(decision => decision.Item.Id).ToHashSet();
        return here.FindAll(snapshot => kept.Contains(snapshot.Id) || there.Contains(snapshot.Id));
    }

    /// <summary>Decides by what is there, and removes.</summary>
    /// <param name="dryRun">Only decides.</param>
    /// <param name="before">Told what is removed, before it is.</param>
    /// <returns>The snapshots removed, and the bytes freed.</returns>
    public (IReadOnlyList<RetentionDecision> Removed, long Freed) Run(bool dryRun, Action<IReadOnlyCollection<SnapshotId>> before)
    {
        var there = offsite.Ids();
        var here = there.Except(onlyThere.Select(snapshot => snapshot.Id)).Except(unread.Select(bad => bad.Id)).Select(store.TryRead).ToList();
        if (unread.Count > 0 || here.Exists(one => one.Whole is null))
        {
            var id = unread.Count > 0 ? unread[0].Id.ToString() : "a snapshot";
            progress.Say(Severity.Warning, $"nothing is removed in {offsite.Rclone.Place.Remote}: the header of {id} there cannot be read; see 'vertex-ar-backup offsite verify'");
            return ([], 0);
        }

        List<Snapshot> all = [.. onlyThere, .. here.Select(one => one.Whole!)];
        if (WrongClock.Proof(all.Select(snapshot => snapshot.Id), now) is { } proof)
        {
            progress.Say(Severity.Warning, $"nothing is removed in {offsite.Rclone.Place.Remote}: {WrongClock.Sentence(proof, now)}; set it, as with '{WrongClock.Mend}'");
            return ([], 0);
        }

        var decisions = Retention.DecideByRules(Items(all), rules, zone);
        var gone = decisions.Where(decision => !decision.Keep).ToList();
        if (gone.Count > 0 && Held(all) is [var lost, ..])
        {
            progress.Say(
                Severity.Warning,
                $"nothing is removed in {offsite.Rclone.Place.Remote}: '{lost.Name}' lost its content in snapshot {lost.Snapshot}, and older copies may be the last that have it");
            return ([], 0);
        }

        if (dryRun)
        {
            return (gone, 0);
        }

        progress.Phase = "removing there";
        var kept = decisions.Where(decision => decision.Keep).Select(decision => decision.Item.Id).ToHashSet();
        if (Needed(all.FindAll(snapshot => kept.Contains(snapshot.Id))) is not { } needed)
        {
            return ([], 0);
        }

        before([.. gone.Select(decision => decision.Item.Id)]);
        return (gone, Remove(kept, needed));
    }

    /// <summary>What holds rotation, here or there: the newest may not have arrived there.</summary>
    private IReadOnlyList<HeldSource> Held(List<Snapshot> there) =>
        ShrinkHold.Of(Items([.. store.ReadAll().Whole.Concat(there).DistinctBy(snapshot => snapshot.Id)]));

    private List<RetentionItem> Items(List<Snapshot> snapshots) => RetentionItem.Of(snapshots, site, now);

    /// <summary>The packs that kept snapshots need; null if a table cannot be read.</summary>
    private HashSet<Digest>? Needed(List<Snapshot> kept)
    {
        var needed = new HashSet<Digest>();
        foreach (var snapshot in kept)
        {
            var table = TableHere(snapshot);
            if (table is null)
            {
                if (offsite.FetchParts(snapshot, list: false) is { } trouble)
                {
                    progress.Say(Severity.Warning, $"nothing is removed in {offsite.Rclone.Place.Remote}: snapshot {snapshot.Id} there {trouble}; see 'vertex-ar-backup offsite verify'");
                    return null;
                }

                table = offsite.Store.ReadPackTable(snapshot);
                offsite.DropParts(snapshot);
            }

            needed.UnionWith(table.Select(pack => pack.Sha256));
        }

        return needed;
    }

    private List<PackInfo>? TableHere(Snapshot snapshot)
    {
        try
        {
            return store.ReadPackTable(snapshot);
        }
        catch (DamageError)
        {
            return null;
        }
    }

    private long Remove(HashSet<SnapshotId> kept, HashSet<Digest> needed)
    {
        var (headers, lists, packs) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var name in offsite.There.Files.Keys)
        {
            var (folder, file) = (Path.GetDirectoryName(name)!, Path.GetFileName(name));
            if (folder == Layout.Below.Snapshots && SnapshotId.Parse(file.Split('.')[0]) is { } id && !kept.Contains(id))
            {
                if (name == Layout.Below.Header(id))
                {
                    headers.Add(name);
                }
                else if (name == Layout.Below.FileList(id) || name == Layout.Below.PackTable(id))
                {
                    lists.Add(name);
                }
            }
            else if (file.EndsWith(Layout.PackSuffix, StringComparison.Ordinal) && Digest.TryParse(file[..^Layout.PackSuffix.Length], out var pack)
                && name == Layout.Below.Pack(pack) && !needed.Contains(pack))
            {
                packs.Add(name);
            }
        }

        var freed = Units.Sum(headers.Concat(lists).Concat(packs).Select(name => Math.Max(0, offsite.There.Size(name) ?? 0)));
        Remove(headers);
        Remove(lists);
        Remove(packs);
        return freed;
    }

    /// <summary>Returns when they are gone: no pack goes while a header is there that needs it.</summary>
    private void Remove(List<string> names)
    {
        if (names.Count == 0)
        {
            return;
        }

        held.Require();
        var end = offsite.Rclone.Delete(names);
        var folder = names[0].Split('/')[0];
        var now = offsite.Rclone.List(folder);
        offsite.There.Replace(folder, now);
        if (names.Find(name => now.Size(name) is not null) is { } left)
        {
            throw Remote.Rclone.Failure($"{left} cannot be removed in {offsite.Rclone.Place.Remote}", end);
        }
    }
}
