using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>How two of the places that a configuration names lie to each other.</summary>
internal enum OverlapKind
{
    /// <summary>Two sources are one file or directory: an error.</summary>
    SamePlace,

    /// <summary>A source is the backup directory or the second place, or lies in the former: an error.</summary>
    InBackups,

    /// <summary>The backup directory lies in a tree: it is lost with the tree.</summary>
    BackupsInTree,

    /// <summary>A second place that is a directory lies in a tree: the copies are lost with the tree.</summary>
    SecondPlaceInTree,

    /// <summary>A second place that is a directory lies in the backup directory, or around it: both are lost together.</summary>
    SecondPlaceWithBackups,

    /// <summary>A database lies in a tree.</summary>
    DatabaseInTree,

    /// <summary>A tree lies in another.</summary>
    TreeInTree,

    /// <summary>A tree is the whole file system, which nothing can take the place of while the machine runs.</summary>
    WholeSystem,
}

/// <summary>An overlap, and the sentence that says what it means.</summary>
internal sealed record Overlap(OverlapKind Kind, string Text)
{
    /// <summary>It must be put right.</summary>
    public bool IsError => Kind is OverlapKind.SamePlace or OverlapKind.InBackups;

    /// <summary>What it means should be known, though there may be reasons for it.</summary>
    public bool IsWarning => Kind is OverlapKind.BackupsInTree or OverlapKind.SecondPlaceInTree or OverlapKind.SecondPlaceWithBackups or OverlapKind.WholeSystem;
}

/// <summary>
/// Finds places that lie in each other, by whatever path: links are resolved, and of bind mounts it is asked where in its file system
/// a place is. What does not exist lies nowhere.
/// </summary>
internal sealed class SourceOverlaps
{
    private readonly Spot? backups;
    private readonly List<Spot> secondPlaces;
    private readonly List<Spot> sources;
    private readonly MountTable mounts = MountTable.Read();

    private SourceOverlaps(string backupDirectory, IEnumerable<SourcePlace> places, IEnumerable<string> seconds)
    {
        backups = Look(new SourcePlace("", SourceKind.Storage, backupDirectory));
        secondPlaces = [.. seconds.Select(path => Look(new SourcePlace("", SourceKind.Storage, path))).OfType<Spot>()];
        sources = [.. places.Select(Look).OfType<Spot>()];
    }

    /// <param name="backupDirectory">Absolute.</param>
    /// <param name="sources">As the configuration names them.</param>
    /// <param name="secondPlaces">Second places that are directories, absolute.</param>
    public static IReadOnlyList<Overlap> Find(string backupDirectory, IEnumerable<SourcePlace> sources, IEnumerable<string> secondPlaces)
    {
        var overlaps = new SourceOverlaps(backupDirectory, sources, secondPlaces);
        return [.. overlaps.SamePlaces(), .. overlaps.WholeSystem(), .. overlaps.Backups(), .. overlaps.SecondPlaces(), .. overlaps.Nested()];
    }

    /// <param name="backupDirectory">Absolute.</param>
    /// <param name="sources">As the configuration names them.</param>
    /// <exception cref="UserError">Backups of backups, or what is named twice, which no restore could put in place.</exception>
    public static void Require(string backupDirectory, IEnumerable<SourcePlace> sources)
    {
        if (Find(backupDirectory, sources, []).FirstOrDefault(overlap => overlap.IsError) is { } error)
        {
            throw UserError.Usage(error.Text);
        }
    }

    private IEnumerable<Overlap> SamePlaces()
    {
        for (var i = 1; i < sources.Count; i++)
        {
            if (sources.Take(i).FirstOrDefault(earlier => earlier.Key == sources[i].Key) is { } first)
            {
                yield return new Overlap(OverlapKind.SamePlace, $"{sources[i].Words} is the same as {first.Words}: remove one of them from the configuration");
            }
        }
    }

    private IEnumerable<Overlap> WholeSystem() => sources.Where(source => source.RealPath == "/").Select(source => new Overlap(
        OverlapKind.WholeSystem, $"{source.Words} is the whole file system: it can be restored only elsewhere, with --to DIR, and not in place; name the directories that are to be restored in place as storages of their own"));

    private IEnumerable<Overlap> Backups()
    {
        if (backups is null)
        {
            yield break;
        }

        foreach (var source in sources)
        {
            if (source.Key == backups.Key)
            {
                yield return new Overlap(OverlapKind.InBackups, $"{source.Words} is the backup directory {backups.Place.Path}; choose another directory for 'backup_dir'");
            }
            else if (Holds(backups, source))
            {
                yield return new Overlap(OverlapKind.InBackups, $"{source.Words} lies in the backup directory {backups.Place.Path}; choose another directory for 'backup_dir'");
            }
            else if (Holds(source, backups))
            {
                yield return new Overlap(
                    OverlapKind.BackupsInTree,
                    $"the backup directory {backups.Place.Path} lies in {source.Words}: it is left out of the tree, and whatever destroys the tree destroys the backups with it");
            }
        }
    }

    private IEnumerable<Overlap> SecondPlaces()
    {
        foreach (var second in secondPlaces)
        {
            if (backups is not null && second.Key == backups.Key)
            {
                yield return new Overlap(OverlapKind.InBackups, $"the second place {second.Place.Path} is the backup directory itself; choose another one for 'offsite.remote'");
                continue;
            }

            if (backups is not null && (Holds(backups, second) || Holds(second, backups)))
            {
                yield return new Overlap(
                    OverlapKind.SecondPlaceWithBackups,
                    (Holds(backups, second) ? $"the second place {second.Place.Path} lies in the backup directory {backups.Place.Path}" : $"the backup directory {backups.Place.Path} lies in the second place {second.Place.Path}")
                        + ": whatever destroys one of them destroys the other; a second place is worth most on another disk, or another machine");
            }

            foreach (var source in sources)
            {
                if (source.Key == second.Key)
                {
                    yield return new Overlap(OverlapKind.InBackups, $"{source.Words} is the second place {second.Place.Path}; choose another one for 'offsite.remote'");
                }
                else if (Holds(source, second))
                {
                    yield return new Overlap(
                        OverlapKind.SecondPlaceInTree,
                        $"the second place {second.Place.Path} lies in {source.Words}: it is left out of the tree, and whatever destroys the tree destroys the copies with it");
                }
            }
        }
    }

    private IEnumerable<Overlap> Nested()
    {
        foreach (var inner in sources)
        {
            var around = sources.Where(outer => Holds(outer, inner)).ToList();

            // What lies in a tree in a tree lies in the inner one; the outer one does not get there.
            foreach (var outer in around.Where(outer => !around.Exists(between => Holds(outer, between))))
            {
                var kind = inner.Place.Kind == SourceKind.Database ? OverlapKind.DatabaseInTree : OverlapKind.TreeInTree;
                yield return new Overlap(
                    kind, $"{inner.Words} lies in {outer.Words}: it is saved by its own source and left out of that tree, and restoring that tree leaves it alone");
            }
        }
    }

    /// <summary>Whether a tree holds a place: by the directories above it, or by where both are in their file system.</summary>
    private bool Holds(Spot outer, Spot inner) =>
        outer.Place.Kind == SourceKind.Storage && outer.Key != inner.Key && (inner.Above.Contains(outer.Key) || IsMountedIn(outer, inner));

    private bool IsMountedIn(Spot outer, Spot inner) =>
        inner.InFileSystem is { } place && outer.InFileSystem is { } top
        && ((top.Device == place.Device && PathPrefix.Holds(top.Path, place.Path))
            || mounts.Below(outer.RealPath).Any(mount => mount.Device == place.Device && PathPrefix.Holds(mount.Root, place.Path)));

    private Spot? Look(SourcePlace place)
    {
        var path = RealPath.Of(place.Path);
        return KeyOf(path) is { } key ? new Spot(place, path, key, [.. Above(path)], mounts.Place(path)) : null;
    }

    private static IEnumerable<(ulong Device, ulong Inode)> Above(string path)
    {
        for (var above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
        {
            if (KeyOf(above) is { } key)
            {
                yield return key;
            }
        }
    }

    private static (ulong Device, ulong Inode)? KeyOf(string path)
    {
        try
        {
            return Posix.StatusOrNull(path) is { } status ? (status.Device, status.Inode) : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>A place as it was found.</summary>
    private sealed record Spot(
        SourcePlace Place, string RealPath, (ulong Device, ulong Inode) Key, HashSet<(ulong Device, ulong Inode)> Above, (string Device, string Path)? InFileSystem)
    {
        public string Words => $"the {Place.Kind.Word()} '{Place.Name}' ({(RealPath == Place.Path ? Place.Path : $"{Place.Path} -> {RealPath}")})";
    }
}
