using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Which parts of a tree are seen at a further place as well, by bind mounts: of this process, or of others such as containers.
/// A directory that is mounted elsewhere has to stay the same directory, or that place goes on showing the old one. A mount in
/// the tree that shows another part of it is left alone: its content comes and goes with that part. And which parts others have
/// mounted something on that is not seen here: what is moved or removed loses that mount in all namespaces.
/// </summary>
internal sealed class BoundPlaces
{
    private readonly Dictionary<string, string> second = [];
    private readonly HashSet<string> elsewhere = [];
    private readonly List<string> files = [];
    private readonly HashSet<string> around = [];
    private readonly HashSet<string> covered = [];
    private readonly string top;
    private readonly List<MountedPlace> areas;

    private BoundPlaces(string top, List<MountedPlace> areas) => (this.top, this.areas) = (top, areas);

    /// <summary>Files that are mounted elsewhere by themselves: those places will go on showing the old ones.</summary>
    public IReadOnlyList<string> Files => files;

    /// <param name="top">A directory, by a path without links.</param>
    public static BoundPlaces Of(string top) => Of(top, MountTable.Read(), MountTable.ReadOthers(), Posix.StatusOrNull);

    /// <param name="top">A directory, by a path without links.</param>
    /// <param name="table">What this process sees.</param>
    /// <param name="others">What is mounted in other namespaces.</param>
    /// <param name="look">What a path names.</param>
    public static BoundPlaces Of(string top, MountTable table, IReadOnlyList<MountTable> others, Func<string, FileStatus?> look)
    {
        if (table.Place(top) is not { } place)
        {
            return new BoundPlaces(top, []);
        }

        var mounts = table.Below(top).GroupBy(mount => mount.Point).Select(stacked => stacked.Last()).OrderBy(mount => mount.Point, StringComparer.Ordinal);
        var bound = new BoundPlaces(top, [new MountedPlace(0, place.Device, place.Path, top), .. mounts]);
        bound.FindSecond(look);
        bound.FindElsewhere(table.All, isOurs: true, look);
        bound.FindElsewhere(others.SelectMany(other => other.All).DistinctBy(mount => (mount.Device, mount.Root)), isOurs: false, look);
        bound.FindCovered(others.SelectMany(other => other.Covered).Distinct(), look);
        return bound;
    }

    /// <summary>The path at which a mount's content is seen without it; null if there is none.</summary>
    /// <param name="below">The path below the top, one character for each byte.</param>
    public string? FirstPlace(string below) => second.GetValueOrDefault(below);

    /// <summary>A mount that shows the tree itself once more, with what is around it.</summary>
    public bool IsAround(string below) => around.Contains(below);

    /// <summary>Something on which another process has something mounted that is not seen here.</summary>
    public bool IsCovered(string below) => covered.Contains(below);

    /// <summary>A directory that is mounted elsewhere; the empty path is the top.</summary>
    public bool IsElsewhere(string below) => elsewhere.Contains(below);

    private void FindSecond(Func<string, FileStatus?> look)
    {
        for (var i = 1; i < areas.Count; i++)
        {
            var mount = areas[i];
            if (mount.Device == areas[0].Device && mount.Root != areas[0].Root && PathPrefix.Holds(mount.Root, areas[0].Root))
            {
                around.Add(Below(mount.Point));
                continue;
            }

            for (var j = 0; j < areas.Count; j++)
            {
                if (Seen(areas[j], mount) is { } path && (areas[j].Root != mount.Root || j < i) && !PathPrefix.Holds(mount.Point, path)
                    && look(path) is { } one && look(mount.Point) is { } other && (one.Device, one.Inode) == (other.Device, other.Inode))
                {
                    second.TryAdd(Below(mount.Point), path);
                }
            }
        }
    }

    private void FindElsewhere(IEnumerable<MountedPlace> mounts, bool isOurs, Func<string, FileStatus?> look)
    {
        foreach (var mount in mounts)
        {
            foreach (var path in areas.Select(area => Seen(area, mount)).OfType<string>().Where(path => !isOurs || path != mount.Point))
            {
                if (look(path) is not { } there || (isOurs && look(mount.Point) is { } other && (there.Device, there.Inode) != (other.Device, other.Inode)))
                {
                    // Something is mounted over the one or the other.
                    continue;
                }

                if (there.IsDirectory)
                {
                    elsewhere.Add(Below(path));
                }
                else if (!files.Contains(path))
                {
                    files.Add(path);
                }
            }
        }
    }

    private void FindCovered(IEnumerable<(string Device, string Path)> hidden, Func<string, FileStatus?> look)
    {
        foreach (var (device, place) in hidden)
        {
            foreach (var path in areas.Select(area => Seen(area, device, place)).OfType<string>().Where(path => !areas.Exists(area => area.Point == path)))
            {
                _ = look(path) is not null && covered.Add(Below(path));
            }
        }
    }

    private static string? Seen(MountedPlace area, MountedPlace mount) => Seen(area, mount.Device, mount.Root);

    /// <summary>The path by which an area of the tree shows a place of a file system; null if it does not hold that.</summary>
    private static string? Seen(MountedPlace area, string device, string place) =>
        area.Device == device && PathPrefix.Holds(area.Root, place)
            ? (area.Point + "/" + place[(area.Root == "/" ? 1 : area.Root.Length)..].TrimStart('/')).TrimEnd('/') : null;

    private string Below(string path) => path.Length <= top.Length ? "" : Encoding.Latin1.GetString(Posix.Bytes(path[(top.Length + 1)..]));
}
