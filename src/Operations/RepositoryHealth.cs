using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// The one place that gathers what is known of a repository's health: from headers, run records and the disk. All headers are
/// proven whole, but only those that tell something are read: with a thousand snapshots that is the better part of the time.
/// </summary>
internal static class RepositoryHealth
{
    /// <summary>Enough to even out a day with a large upload.</summary>
    private const int RunsAveraged = 7;

    /// <param name="store">The snapshots.</param>
    /// <param name="site">Whose snapshots are looked at, if there are any of it; null for all.</param>
    /// <param name="now">What is dated later is never the newest, unless there is nothing else.</param>
    /// <param name="trust">What the newest are to be vouched for by; null where no key is known. Of others no signature is looked at, for speed.</param>
    public static RepositoryFacts Read(SnapshotStore store, SiteIdentity? site, DateTimeOffset now, HeaderTrust? trust = null)
    {
        var (byId, damaged) = store.ReadTypes();
        var whole = InOrder(store, byId);
        List<TypedSnapshot> dated = [.. whole.GroupBy(snapshot => snapshot.Type).SelectMany(type => FutureId.Split([.. type], one => one.Id, now).Dated)];
        var newest = site is null ? [] : Newest(store, dated, damaged, [site.IsOnlyOwn, site.HoldsOurs]);
        var isOurs = newest.Count > 0;
        newest = isOurs ? newest : Newest(store, dated, damaged, [_ => true]);

        return new RepositoryFacts
        {
            Counts = whole.GroupBy(snapshot => snapshot.Type).ToDictionary(group => group.Key, group => group.Count()),
            Newest = newest,
            Unsaved = site is null || isOurs || newest.Count == 0 ? [] : [.. site.Unsaved(newest.Values).Select(source => new SourceName(source.Name, source.Kind))],
            Damaged = [.. damaged.OrderBy(bad => bad.Id)],
            Untrusted = trust is null ? [] : Untrusted(new SnapshotStore(store.Layout, trust: trust), newest.Values),
            InFuture = [.. whole.Select(snapshot => snapshot.Id).Where(id => FutureId.Is(id, now))],
            Runs = RunRecords.ReadAll(store.Layout),
            BytesOfRun = BytesOfRun(store, whole),
            FreeBytes = Posix.Space(store.Layout.Root) is { IsUnknown: false } space ? space.Available : null,
        };
    }

    /// <summary>All packs, in bytes. Takes its time where there are many. What a rotation removes meanwhile does not count.</summary>
    public static long PackBytes(Layout layout)
    {
        try
        {
            return DirectoryTree.Bytes(layout.Packs);
        }
        catch (Exception e) when (e is PosixError or UserError)
        {
            return 0;
        }
    }

    /// <param name="store">The snapshots.</param>
    /// <param name="whole">Those that can be read, oldest first.</param>
    /// <param name="damaged">Filled with those that cannot.</param>
    /// <param name="meant">Which are looked for; a later one counts for the types of which the earlier ones find none.</param>
    private static Dictionary<SnapshotType, SnapshotHeader> Newest(
        SnapshotStore store, List<TypedSnapshot> whole, List<DamagedSnapshot> damaged, Func<SnapshotHeader, bool>[] meant)
    {
        var newest = new Dictionary<SnapshotType, SnapshotHeader>();
        foreach (var isMeant in meant)
        {
            foreach (var (id, type, _) in whole.AsEnumerable().Reverse().Where(snapshot => !newest.ContainsKey(snapshot.Type)))
            {
                switch (store.TryRead(id))
                {
                    case (var snapshot and not null, _) when isMeant(snapshot.Header):
                        newest[type] = snapshot.Header;
                        break;
                    case (_, var bad and not null) when !damaged.Contains(bad):
                        damaged.Add(bad);
                        break;
                }
            }
        }

        return newest;
    }

    private static List<DamagedSnapshot> Untrusted(SnapshotStore strict, IEnumerable<SnapshotHeader> newest) =>
        [.. newest.Select(header => strict.TryRead(SnapshotId.Parse(header.Id)!.Value).Damaged).OfType<DamagedSnapshot>().Where(bad => bad.IsUntrusted)];

    /// <summary>From the oldest to the newest. Where that is not the order of the IDs, it takes every header.</summary>
    private static List<TypedSnapshot> InOrder(SnapshotStore store, List<TypedSnapshot> byId)
    {
        if (!byId.Exists(snapshot => snapshot.HasOlder))
        {
            return byId;
        }

        var types = byId.ToDictionary(snapshot => snapshot.Id);
        return [.. store.ReadAll().Whole.Where(snapshot => types.ContainsKey(snapshot.Id)).Select(snapshot => types[snapshot.Id])];
    }

    /// <summary>What was imported tells nothing of runs. The oldest is left out where there are others, since a first one stores everything.</summary>
    private static long? BytesOfRun(SnapshotStore store, List<TypedSnapshot> whole)
    {
        var stored = whole.Skip(Math.Min(1, whole.Count - 1)).TakeLast(RunsAveraged)
            .Select(snapshot => store.TryRead(snapshot.Id).Whole?.Header).Where(header => header is { Origin: null }).Select(header => header!.StoredBytes).ToList();
        return stored.Count == 0 ? null : (long)stored.Average();
    }
}
