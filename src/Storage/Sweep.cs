using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Removes what no snapshot names: packs of snapshots that were rotated away, packs and lists of runs that were cut off. It
/// reads pack tables and nothing else, and needs no free space. If any table cannot be read it removes no pack: it may be
/// the one that needs it. What is younger than a lease can be old stays as well, unless it is known whose it was: somebody whose lease cannot be
/// seen may be about to name it.
/// </summary>
internal static class Sweep
{
    /// <summary>Removes everything that nobody names.</summary>
    /// <param name="held">The repository.</param>
    /// <param name="alone">Nobody reads.</param>
    /// <param name="ours">Packs that may go whatever their age: this run wrote them, or removed the snapshots that named them.</param>
    /// <returns>Bytes freed; null if nothing was removed because a snapshot is damaged, or is listed and not there.</returns>
    public static long? Run(RepositoryLock held, ReaderGuard alone, IReadOnlySet<Digest>? ours = null)
    {
        ArgumentNullException.ThrowIfNull(alone);
        held.Layout.SeeAnew();
        var store = new SnapshotStore(held.Layout);
        var (whole, damaged) = store.ReadAll();
        // One that is listed and not there: the share tells what it remembers, and who knows what else is not as it says.
        if (damaged.Count > 0 || store.Ids().Count > whole.Count)
        {
            return null;
        }

        var needed = new HashSet<Digest>();
        try
        {
            foreach (var snapshot in whole)
            {
                needed.UnionWith(store.ReadPackTable(snapshot).Select(p => p.Sha256));
            }
        }
        catch (DamageError)
        {
            return null;
        }

        var old = held.RenewedNow().MinusMilliseconds((long)LeaseJudgement.Longest.TotalMilliseconds);
        return RemovePacks(held, needed, ours ?? new HashSet<Digest>(), old) + RemoveLists(held, [.. whole.Select(s => s.Id.ToString())], old);
    }

    private static long RemovePacks(RepositoryLock held, HashSet<Digest> needed, IReadOnlySet<Digest> ours, FileTime old)
    {
        var layout = held.Layout;
        var freed = 0L;
        foreach (var path in !Directory.Exists(layout.Packs) ? [] : Directory.EnumerateFiles(layout.Packs, "*" + Layout.PackSuffix, SearchOption.AllDirectories))
        {
            var name = Path.GetFileName(path)[..^Layout.PackSuffix.Length];
            if (Digest.TryParse(name, out var pack) && !needed.Contains(pack))
            {
                freed += Remove(held, path, ours.Contains(pack) ? null : old);
            }
        }

        return freed;
    }

    /// <summary>Lists whose header never came, or went first.</summary>
    private static long RemoveLists(RepositoryLock held, HashSet<string> ids, FileTime old)
    {
        var layout = held.Layout;
        var freed = 0L;
        foreach (var path in Directory.EnumerateFiles(layout.Snapshots, "*.jsonl.gz"))
        {
            var id = Path.GetFileName(path).Split('.')[0];
            if (SnapshotId.Parse(id) is { } own && (path == layout.FileList(own) || path == layout.PackTable(own)) && !ids.Contains(id))
            {
                freed += Remove(held, path, old);
            }
        }

        return freed;
    }

    private static long Remove(RepositoryLock held, string path, FileTime? old)
    {
        // What is listed and cannot be looked at, a share knows too little of: somebody may just have made it.
        if (Posix.StatusOrNull(path) is not { } status || status.Modified > old)
        {
            return 0;
        }

        held.Require();
        return AtomicFile.RemoveIfThere(path) ? status.Size : 0;
    }
}
