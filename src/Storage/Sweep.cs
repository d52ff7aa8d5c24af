using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Removes what no snapshot names: packs of snapshots that were rotated away, packs and lists of runs that were cut off. It
/// reads pack tables and nothing else, and needs no free space. If any table cannot be read it removes no pack: it may be
/// the one that needs it.
/// </summary>
internal static class Sweep
{
    /// <summary>Removes everything that nobody names.</summary>
    /// <returns>Bytes freed; null if nothing was removed because a snapshot is damaged.</returns>
    public static long? Run(RepositoryLock held, ReaderGuard alone)
    {
        ArgumentNullException.ThrowIfNull(alone);
        var store = new SnapshotStore(held.Layout);
        var (whole, damaged) = store.ReadAll();
        if (damaged.Count > 0)
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

        return RemovePacks(held.Layout, needed) + RemoveLists(held.Layout, [.. whole.Select(s => s.Id.ToString())]);
    }

    private static long RemovePacks(Layout layout, HashSet<Digest> needed)
    {
        var freed = 0L;
        foreach (var path in !Directory.Exists(layout.Packs) ? [] : Directory.EnumerateFiles(layout.Packs, "*" + Layout.PackSuffix, SearchOption.AllDirectories))
        {
            var name = Path.GetFileName(path)[..^Layout.PackSuffix.Length];
            if (Digest.TryParse(name, out var pack) && !needed.Contains(pack))
            {
                freed += Remove(path);
            }
        }

        return freed;
    }

    /// <summary>Lists whose header never came, or went first.</summary>
    private static long RemoveLists(Layout layout, HashSet<string> ids)
    {
        var freed = 0L;
        foreach (var path in Directory.EnumerateFiles(layout.Snapshots, "*.jsonl.gz"))
        {
            var id = Path.GetFileName(path).Split('.')[0];
            if (SnapshotId.Parse(id) is not null && !ids.Contains(id))
            {
                freed += Remove(path);
            }
        }

        return freed;
    }

    private static long Remove(string path)
    {
        var size = Posix.StatusOrNull(path)?.Size ?? 0;
        return AtomicFile.RemoveIfThere(path) ? size : 0;
    }
}
