using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>Where a source is.</summary>
/// <param name="Name">What it is called in snapshots.</param>
/// <param name="Kind">A database or a tree.</param>
/// <param name="Path">Absolute; links are followed.</param>
internal sealed record SourcePlace(string Name, SourceKind Kind, string Path);

/// <summary>Something that is no part of the tree it lies in.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Source">The source that saves it, by name; null if none does.</param>
internal readonly record struct Foreign(ForeignKind Kind, string? Source = null)
{
    /// <summary>Only a link on the way there.</summary>
    public bool IsLink { get; init; }
}

/// <summary>
/// The places of databases, trees and the repository as the kernel knows them, by device and inode: whatever path leads there, by
/// way of links or bind mounts, it is the same place.
/// </summary>
internal sealed class ForeignPlaces
{
    private readonly Dictionary<FileKey, (Foreign Foreign, FileTime Born)> places = [];
    private readonly Dictionary<FileKey, List<(byte[] Name, Foreign Foreign)>> names = [];

    private ForeignPlaces()
    {
    }

    public static ForeignPlaces None { get; } = new();

    /// <summary>Looks where everything is now. What does not exist, or cannot be looked at, is nowhere, but for the names that a database will have.</summary>
    /// <param name="repositories">Absolute: the backup directory, and a second place that is a directory.</param>
    /// <param name="sources">Of the configuration, and of a snapshot that is being restored; the same place may be named twice.</param>
    /// <param name="withLinks">Whether links on the way there count as well: a tree that holds one saves it, and a restore must not turn it elsewhere.</param>
    public static ForeignPlaces Find(IReadOnlyList<string> repositories, IEnumerable<SourcePlace> sources, bool withLinks = false)
    {
        var found = new ForeignPlaces();
        if (withLinks)
        {
            foreach (var repository in repositories)
            {
                found.AddLinks(repository, new Foreign(ForeignKind.Repository));
            }

            sources = [.. sources];
            foreach (var source in sources)
            {
                found.AddLinks(source.Path, new Foreign(source.Kind == SourceKind.Database ? ForeignKind.Database : ForeignKind.Tree, source.Name));
            }
        }

        foreach (var directory in repositories.Select(FileStatus.IfSeen).OfType<FileStatus>().Where(status => status.IsDirectory))
        {
            found.Add(directory, new Foreign(ForeignKind.Repository));
        }

        foreach (var source in sources)
        {
            if (source.Kind == SourceKind.Database)
            {
                found.AddDatabase(source);
            }
            else if (FileStatus.IfSeen(source.Path) is { IsDirectory: true } tree)
            {
                found.Add(tree, new Foreign(ForeignKind.Tree, source.Name));
            }
            else
            {
                found.AddName(RealPath.Of(source.Path), new Foreign(ForeignKind.File, source.Name));
            }
        }

        return found;
    }

    /// <summary>
    /// By device and inode: the file of a database under any of its names, the top of a tree, the repository. Once one of them is removed, its number is soon
    /// another's, which was made later.
    /// </summary>
    public Foreign? Of(in FileStatus status) =>
        places.TryGetValue(new FileKey(status), out var place) && (place.Born == status.LastingBorn || place.Born == default || status.Born == default) ? place.Foreign : null;

    /// <summary>By the directory's device and inode, and a name: a single file, or a database and its companions, which may come and go.</summary>
    /// <param name="directory">The directory that holds the name.</param>
    /// <param name="name">Of a file; a directory is no database.</param>
    public Foreign? OfFile(in FileStatus directory, ReadOnlySpan<byte> name)
    {
        if (names.Count > 0 && names.TryGetValue(new FileKey(directory), out var here))
        {
            foreach (var (known, foreign) in here)
            {
                if (name.SequenceEqual(known))
                {
                    return foreign;
                }
            }
        }

        return null;
    }

    private void Add(in FileStatus status, Foreign foreign) => places.TryAdd(new FileKey(status), (foreign, status.LastingBorn));

    private void AddLinks(string path, Foreign foreign)
    {
        var links = new List<string>();
        _ = RealPath.Of(path, links);
        links.ForEach(link => AddName(link, foreign with { IsLink = true }));
    }

    private void AddDatabase(SourcePlace source)
    {
        var foreign = new Foreign(ForeignKind.Database, source.Name);
        var path = RealPath.Of(source.Path);
        if (FileStatus.IfSeen(path) is { IsRegular: true } file)
        {
            Add(file, foreign);
        }

        AddName(path, foreign, SqliteCompanions.Suffixes);
    }

    /// <summary>
    /// A place by its name, which a program may give to a new file at any time. Another hard link of a file that is there now is
    /// somebody else's: unlike that of a database it can be saved as any file.
    /// </summary>
    private void AddName(string path, Foreign foreign, params IEnumerable<byte[]> companions)
    {
        if (FileStatus.IfSeen(Path.GetDirectoryName(path) ?? "/") is { } directory)
        {
            var name = Posix.Bytes(Path.GetFileName(path));
            var here = names.TryGetValue(new FileKey(directory), out var known) ? known : names[new FileKey(directory)] = [];
            here.Add((name, foreign));
            here.AddRange(companions.Select(suffix => ((byte[])[.. name, .. suffix], foreign)));
        }
    }

    /// <summary>What makes a file the same file.</summary>
    private readonly record struct FileKey(ulong Device, ulong Inode)
    {
        public FileKey(in FileStatus status)
            : this(status.Device, status.Inode)
        {
        }
    }
}
