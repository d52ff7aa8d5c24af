using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What was brought here. <paramref name="Bad"/> are snapshots that could not be, with the reason.</summary>
internal sealed record OffsitePullResult(IReadOnlyList<SnapshotId> Snapshots, int Packs, long Bytes, IReadOnlyList<DamagedSnapshot> Bad);

/// <summary>
/// Brings snapshots of the second place into the repository here, in the order in which they are written: packs, lists, header.
/// Each pack is checked before it counts, whether it came or was here, and is never fetched again, so that a pull that was cut off goes on. Packs that snapshots
/// here lack are brought, too.
/// </summary>
internal sealed class OffsitePull
{
    private const int WarningsTold = 5;

    private readonly RepositoryLock held;
    private readonly OffsiteSnapshots offsite;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly HashSet<Digest> intact = [];
    private readonly Lazy<KnownDamage> known;
    private int packCount;
    private int warningCount;
    private long bytes;

    private OffsitePull(RepositoryLock held, OffsiteSnapshots offsite, RunProgress progress, CancellationToken stop)
    {
        (this.held, this.offsite, this.progress, this.stop) = (held, offsite, progress, stop);
        known = new Lazy<KnownDamage>(() => KnownDamage.Read(Here));
    }

    private Layout Here => held.Layout;

    /// <param name="backupDirectory">Where to; empty, or a repository with the same id.</param>
    /// <param name="offsite">Where from.</param>
    /// <param name="id">One snapshot, or <c>latest</c>; null for all that are not here.</param>
    /// <param name="clock">For the lock's text.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="stop">Ends it; what came stays.</param>
    /// <param name="signer">Adds what came to the signed list here; null where none is kept.</param>
    public static OffsitePullResult Run(
        string backupDirectory, OffsiteSnapshots offsite, string? id, TimeProvider clock, RunProgress progress, CancellationToken stop, SnapshotSigner? signer = null)
    {
        var mark = offsite.RequireMark();
        var layout = Repository.OpenOrCopy(backupDirectory, SmallFile.Read(offsite.Layout.Mark).ToArray());
        if (Repository.ReadMark(layout).Id != mark.Id)
        {
            throw UserError.Failed(
                $"{offsite.Rclone.Place.Remote} is the copy of another repository than {backupDirectory}", "name an empty directory with --backup-dir");
        }

        try
        {
            using var held = RepositoryLock.Acquire(layout, "offsite pull", clock.GetUtcNow());
            var result = new OffsitePull(held, offsite, progress, stop).Run(id);
            _ = result.Snapshots.Count > 0 ? signer?.Update(held, [], clock.GetUtcNow()) : null;
            return result;
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(backupDirectory, e);
        }
    }

    private OffsitePullResult Run(string? id)
    {
        var here = new SnapshotStore(Here).Ids().ToHashSet();
        var (whole, bad) = id is null
            ? offsite.FetchHeaders(offsite.Ids().Where(there => !here.Contains(there) && offsite.Refusal(there) is null))
            : ([offsite.Find(id)], []);
        bad = bad.ConvertAll(b => b with { Reason = $"its header {b.Reason}" });
        var refused = (id is null ? offsite.Ids().Except(here) : whole.ConvertAll(snapshot => snapshot.Id))
            .Select(there => offsite.Refusal(there) is { } reason ? new DamagedSnapshot(there, reason) : null).OfType<DamagedSnapshot>().ToList();
        whole.RemoveAll(snapshot => refused.Exists(one => one.Id == snapshot.Id));
        bad.AddRange(refused);
        var pulled = new List<SnapshotId>();
        var named = new Lazy<HashSet<Digest>>(() => NamedHere(here));

        // The newest is what is wanted most.
        foreach (var snapshot in whole.Where(snapshot => !here.Contains(snapshot.Id)).Reverse())
        {
            if (Bring(snapshot, named) is { } reason)
            {
                bad.Add(new DamagedSnapshot(snapshot.Id, reason));
            }
            else
            {
                pulled.Add(snapshot.Id);
            }
        }

        bad.AddRange(Mend((id is null ? offsite.Ids() : whole.ConvertAll(snapshot => snapshot.Id)).Where(here.Contains).ToHashSet()));
        return new OffsitePullResult(pulled, packCount, bytes, bad);
    }

    /// <summary>Packs that snapshots here need. The checks look at these, so they are not read again with each snapshot that shares them.</summary>
    private HashSet<Digest> NamedHere(HashSet<SnapshotId> here)
    {
        progress.Phase = "looking at what is here";
        var store = new SnapshotStore(Here);
        var named = new HashSet<Digest>();
        foreach (var snapshot in store.ReadAll().Whole.Where(snapshot => here.Contains(snapshot.Id)))
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                named.UnionWith(store.ReadPackTable(snapshot).Select(pack => pack.Sha256));
            }
            catch (DamageError)
            {
                // What else needs them names them.
            }
        }

        return named;
    }

    /// <summary>Brings one snapshot; returns why it could not, or null.</summary>
    private string? Bring(Snapshot snapshot, Lazy<HashSet<Digest>> named)
    {
        progress.Phase = $"snapshot {snapshot.Id}";
        if (offsite.FetchParts(snapshot) is { } trouble)
        {
            return $"it {trouble}";
        }

        const string taken = "by another way to this repository, one of its name has come here meanwhile";
        if (AtomicFile.IsTaken(Here.Header(snapshot.Id), anew: true))
        {
            return taken;
        }

        var needed = offsite.Store.ReadPackTable(snapshot);
        var missing = needed.FindAll(pack => named.Value.Contains(pack.Sha256) ? Lacks(pack, known.Value) : !IsHere(pack));
        if (Fetch(missing, $"snapshot {snapshot.Id} needs") is [var bad, ..] all)
        {
            return Lacks(all.Count, bad);
        }

        return TryPublish(snapshot, needed) ? null : taken;
    }

    /// <summary>Brings packs that snapshots here lack: all that are missing or of the wrong size, and those that a check found damaged. Returns what could not be mended.</summary>
    private List<DamagedSnapshot> Mend(HashSet<SnapshotId> ids)
    {
        progress.Phase = "looking at what is here";
        var store = new SnapshotStore(Here);
        var (whole, damaged) = store.ReadAll();
        var bad = damaged.FindAll(one => ids.Contains(one.Id)).ConvertAll(one => Stuck(one.Id, $"header {one.Reason}"));
        var (present, lacking) = (new HashSet<Digest>(), new Dictionary<Digest, (PackInfo Pack, List<SnapshotId> By)>());
        foreach (var snapshot in whole.Where(snapshot => ids.Contains(snapshot.Id)))
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                store.CheckFileListSize(snapshot);
                foreach (var pack in store.ReadPackTable(snapshot).Where(pack => !present.Contains(pack.Sha256)))
                {
                    if (lacking.ContainsKey(pack.Sha256) || Lacks(pack, known.Value))
                    {
                        lacking.TryAdd(pack.Sha256, (pack, []));
                        lacking[pack.Sha256].By.Add(snapshot.Id);
                    }
                    else
                    {
                        present.Add(pack.Sha256);
                    }
                }
            }
            catch (DamageError e)
            {
                bad.Add(Stuck(snapshot.Id, e.Message));
            }
        }

        var left = Fetch([.. lacking.Values.Select(one => one.Pack)], "what is missing here needs");
        var bySnapshot = left.SelectMany(one => lacking[one.Pack].By.Select(id => (Id: id, Pack: one))).GroupBy(one => one.Id, one => one.Pack);
        bad.AddRange(bySnapshot.Select(group => new DamagedSnapshot(group.Key, Lacks(group.Count(), group.First()))));
        return bad;

        DamagedSnapshot Stuck(SnapshotId id, string reason) =>
            new(id, $"it is here already, and its {reason}: move {Path.Combine(ShellWord.Of(Here.Snapshots), $"{id}.*")} away, and pull again");
    }

    private static string Lacks(int count, (Digest Pack, string Reason) first) =>
        $"it needs {Units.Count(count, "pack")} that cannot be had: {first.Pack} {first.Reason}";

    /// <summary>Whether a pack of a snapshot here is not as it should be, without a look at the content of those of which nothing bad is known.</summary>
    private bool Lacks(PackInfo pack, KnownDamage known) =>
        !(Posix.StatusOrNull(Here.Pack(pack.Sha256)) is { } file && file.Size == pack.Bytes && !known.Is(pack.Sha256, file)) && !IsHere(pack);

    /// <summary>Whether a pack is here and intact. A size proves nothing, and the snapshot that is brought is to be restored some day.</summary>
    private bool IsHere(PackInfo pack)
    {
        if (intact.Contains(pack.Sha256))
        {
            return true;
        }

        var path = Here.Pack(pack.Sha256);
        var size = Posix.StatusOrNull(path)?.Size;
        var isIntact = size == pack.Bytes && PackFile.Has(path, pack.Sha256, stop);
        if (isIntact)
        {
            intact.Add(pack.Sha256);
        }
        else if (size is not null && warningCount++ < WarningsTold)
        {
            progress.Say(Severity.Warning, "is damaged here, and is replaced if it can be had", path);
        }

        return isIntact;
    }

    /// <summary>Fetches packs, and has them on disk under their names. Returns those that cannot be had.</summary>
    /// <param name="missing">Which.</param>
    /// <param name="what">Needs the space, for a message.</param>
    private IReadOnlyList<(Digest Pack, string Reason)> Fetch(List<PackInfo> missing, string what)
    {
        RequireSpace(what, missing);
        progress.Expect(progress.BytesDone + Units.Sum(missing.Select(pack => pack.Bytes)));
        var bad = offsite.Fetch.Packs(missing, Publish, stop);
        foreach (var directory in missing.Select(pack => Here.PackDirectory(pack.Sha256)).Distinct().Where(Directory.Exists))
        {
            AtomicFile.SyncDirectory(directory);
        }

        AtomicFile.SyncDirectory(Here.Packs);
        return bad;
    }

    private void RequireSpace(string what, List<PackInfo> missing)
    {
        var (need, free) = (Units.Sum(missing.Select(pack => pack.Bytes)), Posix.Space(Here.Root).Available);
        if (need > free)
        {
            throw UserError.Failed(
                $"too little space: {what} {Units.Size(need)} more in {Here.Root}, and {Units.Size(free)} are free there",
                "what came so far stays; free some space and run it again, or name one snapshot that is smaller");
        }
    }

    private void Publish(PackInfo pack)
    {
        AtomicFile.EnsureDirectory(Here.PackDirectory(pack.Sha256), syncParent: false);
        Publish(offsite.Layout.Pack(pack.Sha256), Here.Pack(pack.Sha256));
        intact.Add(pack.Sha256);
        packCount++;
        bytes += pack.Bytes;
    }

    /// <summary>Puts a checked file on disk and gives it its name; the directory is synced by the caller.</summary>
    private static void Publish(string from, string to)
    {
        using var file = OpenChecked(from);
        AtomicFile.Publish(file, from, to, syncDirectory: false);
    }

    /// <summary>Lists and header, as whoever makes a snapshot does: packs may have taken hours, in which somebody else came.</summary>
    private bool TryPublish(Snapshot snapshot, List<PackInfo> needed)
    {
        var (id, there) = (snapshot.Id, offsite.Layout);
        foreach (var list in new[] { there.FileList(id), there.PackTable(id) })
        {
            using var file = OpenChecked(list);
            Posix.Sync(file);
        }

        return new StagedSnapshot(there.FileList(id), there.PackTable(id), there.Header(id) + ".tmp")
            .TryPublishAgain(held, snapshot.Header, SmallFile.Read(there.Header(id)), needed);
    }

    /// <summary>It gets the time at which it came, and not the one that it has there: what nobody names yet is kept for some time.</summary>
    private static SafeFileHandle OpenChecked(string path)
    {
        var file = RegularFile.Open(path);
        Posix.SetModeIfPlaceCan(file, AtomicFile.FileMode);
        RestoreMetadata.IfPlaceCan(() => FileSystemType.Touch(file));
        return file;
    }
}
