using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// What is mounted inside a tree and saved as a part of it. That a disk is not mounted there tonight leaves an empty directory in a tree that is otherwise
/// as it was. Only what somebody mounts for good counts, and directories alone: containers bind single files, and programs mount images and
/// memory while they run.
/// </summary>
/// <param name="tree">The tree.</param>
/// <param name="places">What is no part of it.</param>
/// <param name="table">What is mounted where; null to look now.</param>
internal sealed class TreeMounts(TreeOptions tree, ForeignPlaces places, MountTable? table = null)
{
    private readonly MountTable mounts = table ?? MountTable.Read();
    private readonly IgnoreRules excludes = new(tree.Exclude);

    /// <summary>Where something is mounted now, and what.</summary>
    public IReadOnlyDictionary<string, FileSystemIdentity> Find()
    {
        var found = new SortedDictionary<string, FileSystemIdentity>(StringComparer.Ordinal);
        foreach (var mount in tree.OneFileSystem || tree.IsFile ? [] : mounts.Below(tree.Top))
        {
            if (!found.ContainsKey(mount.Point) && !ComesAndGoes(mount) && Holds(mount.Point) && FileSystemIdentity.Of(mount.Point, mounts) is { IsKept: true } now && now.Point == mount.Point)
            {
                found.Add(mount.Point, now);
            }
        }

        return found;
    }

    /// <summary>What a server has below what it exports is mounted when somebody goes there, and unmounted again; and so are the snapshots of ZFS.</summary>
    private bool ComesAndGoes(MountedPlace mount) =>
        (mount.Type.StartsWith("nfs", StringComparison.Ordinal) && mounts.Over(Path.GetDirectoryName(mount.Point) ?? "/") is { } above && above.Type == mount.Type)
        || mount.Point.Contains("/.zfs/", StringComparison.Ordinal);

    /// <summary>Whether a directory is there and would be saved. Whoever removed the directory as well, as container engines do, does not lack what was mounted.</summary>
    /// <param name="path">Absolute and without links.</param>
    public bool Holds(string path)
    {
        if (tree.OneFileSystem || tree.IsFile || path == tree.Top || !PathPrefix.Holds(tree.Top, path))
        {
            return false;
        }

        var below = path[tree.Top.TrimEnd('/').Length..].TrimStart('/');
        return !excludes.ExcludesOrContains(Posix.Bytes(below), isDirectory: true) && !below.Split('/').Any(name => LeftoverName.Is(Encoding.UTF8.GetBytes(name))) && IsOurs(path);
    }

    private bool IsOurs(string path)
    {
        try
        {
            for (var at = path; at.Length > tree.Top.Length; at = Path.GetDirectoryName(at)!)
            {
                if (Posix.StatusOrNull(at) is not { IsDirectory: true } status || places.Of(status) is not null)
                {
                    return false;
                }
            }

            return true;
        }
        catch (PosixError)
        {
            return false; // The walk says why.
        }
    }
}
