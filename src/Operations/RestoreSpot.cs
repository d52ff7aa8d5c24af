using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Where a source is restored to.</summary>
/// <param name="Path">A directory, empty; it stands for the top of the source.</param>
/// <param name="Detours">Directories of the source that are elsewhere meanwhile, since they are on another mount, by the path below the top.</param>
internal sealed record RestoreRoot(string Path, IReadOnlyDictionary<string, string> Detours)
{
    private static readonly Dictionary<string, string> Nowhere = [];

    public RestoreRoot(string path)
        : this(path, Nowhere)
    {
    }

    /// <summary>A path below the top, of any bytes, as a key of <see cref="Detours"/>: one character each.</summary>
    public static string Key(ReadOnlySpan<byte> below) => Encoding.Latin1.GetString(below);
}

/// <summary>The scratch directories of a region; see <see cref="RestoreRegion"/>.</summary>
internal sealed record RestoreScratch(string Live, string Scratch, string Probe, string Kept);

/// <summary>The place of one source on this machine, links followed, and the scratch directories that serve it.</summary>
internal sealed class RestoreSpot
{
    private readonly RestoreTarget target;
    private readonly RestoreNeighbours neighbours;
    private readonly bool exists;

    private RestoreSpot(RestoreTarget target, string scratch, RestoreNeighbours neighbours, string stamp)
    {
        this.target = target;
        this.neighbours = neighbours;
        exists = Posix.StatusOrNull(target.Place) is not null;
        IsMount = IsTree && IsMountPoint(target.Place);
        Survey = Look(null);
        Scratch = IsMount ? RestoreNames.ScratchInside(Path, stamp) : scratch;
        IsFound = IsMount || scratch == RestoreNames.Scratch(Path, stamp);
        var kept = IsMount ? RestoreNames.KeptInside(Path, stamp) : RestoreNames.Kept(Path, stamp);
        var regions = new Dictionary<string, RestoreScratch> { [""] = new(Path, Scratch, RestoreNames.Probe(Scratch), kept) };
        var chosen = Survey.Mounts.Count > 0 ? target.ChosenMounts?.Invoke(Survey.Mounts) : null;
        foreach (var below in Survey.Mounts.Where(below => chosen?.Contains(RestoreRoot.Key(below)) ?? true))
        {
            RequireText(below);
            var mount = System.IO.Path.Combine(Path, Encoding.UTF8.GetString(below));
            var inside = RestoreNames.ScratchInside(mount, stamp);
            regions.Add(RestoreRoot.Key(below), new RestoreScratch(mount, inside, RestoreNames.Probe(inside), RestoreNames.KeptInside(mount, stamp)));
        }

        Regions = regions;
    }

    /// <exception cref="UserError">Something is mounted under a name by which nothing can be done here.</exception>
    private void RequireText(byte[] below)
    {
        if (!Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(below)).AsSpan().SequenceEqual(below))
        {
            throw UserError.Failed(
                $"something is mounted at {System.IO.Path.Combine(Path, Encoding.UTF8.GetString(below))}, and that name is not valid UTF-8",
                "nothing was changed; unmount it for the restore, exclude it, or set one_file_system for this tree so that it is left alone");
        }
    }

    public RestoreTarget Target => target;

    public string Name => target.Source.Name;

    public bool IsTree => !target.Source.IsOneFile;

    /// <summary>What belongs to it next to its file, as ends of names.</summary>
    public IReadOnlyList<string> Companions => IsDatabase || IsSqlite(Path) || IsSqlite(FreshFile) ? SqliteCompanions.Ends : [];

    public bool IsDatabase => target.Source.Kind == SourceKind.Database;

    /// <summary>Without links.</summary>
    public string Path => target.Place;

    /// <summary>Where a single file is restored to.</summary>
    public string FreshFile => System.IO.Path.Combine(Scratch, System.IO.Path.GetFileName(target.Source.Path));

    /// <summary>A single file is there; one that is damaged is not.</summary>
    public bool IsRestored => Posix.StatusOrNull(FreshFile) is not null;

    /// <summary>A tree that is a mount of its own cannot be renamed; its entries can.</summary>
    public bool IsMount { get; }

    public string Scratch { get; }

    public IReadOnlyDictionary<string, RestoreScratch> Regions { get; }

    public TreeSurvey Survey { get; private set; }

    public RestoreRoot Root => new(Scratch, Regions.Where(region => region.Key.Length > 0).ToDictionary(region => region.Key, region => region.Value.Scratch));

    /// <summary>The scratch directory is next to the target, or in it, so that whoever looks there finds the journal.</summary>
    public bool IsFound { get; }

    /// <summary>All places, a tree before what lies in it.</summary>
    public static List<RestoreSpot> Of(IReadOnlyList<RestoreTarget> targets, RestoreNeighbours neighbours, string stamp)
    {
        var spots = new List<RestoreSpot>();
        var taken = new HashSet<string>();
        foreach (var target in targets.OrderBy(target => target.Place, StringComparer.Ordinal))
        {
            var scratch = ScratchOf(target, spots, stamp);
            while (taken.Contains(scratch))
            {
                scratch += "-";
            }

            var spot = new RestoreSpot(target, scratch, neighbours, stamp);
            taken.UnionWith(spot.Regions.Values.Select(region => region.Scratch));
            spots.Add(spot);
        }

        return spots;
    }

    public static bool IsMountPoint(string path) =>
        Posix.StatusOrNull(path) is { IsDirectory: true } top
        && System.IO.Path.GetDirectoryName(path) is { } above
        && Posix.StatusOrNull(above) is { } parent
        && top.IsOnOtherMount(parent);

    public bool Contains(string path) => IsTree && path != Path && PathPrefix.Holds(Path, path);

    /// <summary>Where the top of this tree, or something in it, was restored to.</summary>
    public string InScratch(string path)
    {
        var region = Regions.Values.Where(region => PathPrefix.Holds(region.Live, path)).MaxBy(region => region.Live.Length)!;
        return region.Scratch + path[region.Live.Length..];
    }

    /// <summary>Whether a directory in this tree will be there when it is in place.</summary>
    public bool WillHave(string path, bool onlyFiles)
    {
        var below = Posix.Bytes(path[(Path.Length + 1)..]);
        return Posix.StatusOrNull(InScratch(path)) is { IsDirectory: true }
            || (Posix.StatusOrNull(path) is { IsDirectory: true } && (onlyFiles || Survey.Stays(below) || Survey.IsLeftAlone(below)));
    }

    /// <summary>Looks at the live tree once more: it may have changed while the restored one was made.</summary>
    /// <param name="onlyFiles">Each restored file by itself; what else is there stays in any case.</param>
    /// <exception cref="UserError">Something was mounted or unmounted there.</exception>
    public void LookAgain(bool onlyFiles)
    {
        target.RequireSame();
        RequireReplaceable();
        var before = Survey.Mounts;
        using var places = new NamedPlaces();
        Survey = Look(onlyFiles ? null : below => HasFresh(places, below));
        var now = Survey.Mounts.Select(below => RestoreRoot.Key(below)).ToHashSet();
        var expected = before.Where(below => !Survey.IsLeftAlone(below)).Select(below => RestoreRoot.Key(below));
        if (!now.SetEquals(expected) || exists != Posix.StatusOrNull(Path) is not null)
        {
            throw UserError.Failed($"something was mounted or unmounted at {Path} while it was restored, or it came or went", "nothing was changed; see that nobody works there, and restore once more");
        }
    }

    /// <summary>Something is made in each mount that is in the tree, or is it.</summary>
    /// <exception cref="UserError">One cannot be written to.</exception>
    public void RequireWritable()
    {
        foreach (var mount in Regions.Where(region => region.Key.Length > 0 || IsMount).Select(region => region.Value.Live))
        {
            // A read-only subvolume of btrfs is no mount of its own.
            if (Posix.StatusOrNull(mount) is not null && (Posix.Space(mount).IsReadOnly || Posix.Refusal(mount, AccessKind.Fill) is { Number: PosixError.ReadOnly }))
            {
                throw UserError.Failed(
                    $"{mount} is read-only, and is in what is to be replaced",
                    "nothing was changed; make it writable, or exclude it or set one_file_system for this tree so that it is left alone");
            }
        }
    }

    /// <summary>A directory where a single file is to be goes away as it is, so nothing in it may have to stay.</summary>
    /// <exception cref="UserError">Something does.</exception>
    public void RequireReplaceable()
    {
        if (!IsTree && Posix.StatusOrNull(Path) is { IsDirectory: true } && (IsMountPoint(Path) || TreeSurvey.Of(Path, neighbours.Boundary(Path), TreeGaps.None, null).HasBoundary))
        {
            throw UserError.Failed(
                $"{Path} is a directory, where the snapshot has a file, and is mounted, or holds what must stay where it is",
                "nothing was changed; move it away yourself (a container that has it mounted must be stopped), or restore elsewhere with --to DIR");
        }
    }

    /// <summary>The regions with what can be done in each.</summary>
    public IReadOnlyDictionary<string, RestoreRegion> MakeRegions() => Regions.ToDictionary(
        region => region.Key,
        region => new RestoreRegion(
            Posix.Bytes(region.Value.Live), Posix.Bytes(region.Value.Scratch), Posix.Bytes(region.Value.Kept), new RestoreProbe(region.Value.Probe)));

    private static bool IsSqlite(string path)
    {
        // The directory above may be restored as well, and not be there yet.
        if (Posix.StatusOrNull(System.IO.Path.GetDirectoryName(path)!) is not { IsDirectory: true })
        {
            return false;
        }

        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(System.IO.Path.GetDirectoryName(path)!), follow: true);
        return SqliteLog.IsOfDatabase(directory, Posix.Bytes(System.IO.Path.GetFileName(path)));
    }

    private TreeSurvey Look(Func<byte[], bool>? isRestored) =>
        IsTree && Posix.StatusOrNull(Path) is { IsDirectory: true } ? TreeSurvey.Of(Path, neighbours.Boundary(Path), target.Gaps, isRestored) : TreeSurvey.Nothing;

    /// <summary>Whether something is restored under a path below the top.</summary>
    public bool HasFresh(NamedPlaces places, byte[] below)
    {
        // The innermost mount that it is in.
        for (var end = below.Length; end > 0; end = below.AsSpan(0, end).LastIndexOf((byte)'/'))
        {
            if (Regions.TryGetValue(RestoreRoot.Key(below.AsSpan(0, end)), out var region))
            {
                return places.StatusOrNull([.. Posix.Bytes(region.Scratch), .. below.AsSpan(end)]) is not null;
            }
        }

        return places.StatusOrNull([.. Posix.Bytes(Scratch), (byte)'/', .. below]) is not null;
    }

    /// <summary>
    /// Where the scratch directory is made: next to the target; or where that has no directory that is there and stays, next to that of
    /// the tree around it, or in the mount in that tree that the target will be on.
    /// </summary>
    private static string ScratchOf(RestoreTarget target, List<RestoreSpot> before, string stamp)
    {
        var nextTo = RestoreNames.Scratch(target.Place, stamp);
        var outer = before.FindLast(spot => spot.Contains(target.Place));
        if (outer is null || Posix.StatusOrNull(target.Place) is not null)
        {
            return nextTo;
        }

        var above = System.IO.Path.GetDirectoryName(target.Place)!;
        var nearest = above;
        while (nearest != outer.Path && Posix.StatusOrNull(nearest) is not { IsDirectory: true })
        {
            nearest = System.IO.Path.GetDirectoryName(nearest)!;
        }

        if (Posix.StatusOrNull(outer.Path) is not { } top || !Posix.StatusOrNull(nearest)!.Value.IsOnOtherMount(top))
        {
            return outer.Scratch;
        }

        return nearest == above ? nextTo : RestoreNames.ScratchInside(MountPoint(nearest), stamp);
    }

    private static string MountPoint(string directory)
    {
        while (!IsMountPoint(directory))
        {
            directory = System.IO.Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
