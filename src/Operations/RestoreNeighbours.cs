using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>What lies in or near a tree and belongs to somebody else, so that a restore leaves it where it is.</summary>
/// <param name="Repositories">Absolute: the backup directory, and a second place that is a directory.</param>
/// <param name="Sources">Databases and trees of the configuration.</param>
/// <param name="Trees">Its trees, with what they say of their boundaries.</param>
internal sealed record RestoreNeighbours(IReadOnlyList<string> Repositories, IReadOnlyList<SourcePlace> Sources, IReadOnlyList<TreeOptions> Trees)
{
    public static RestoreNeighbours None { get; } = new([], [], []);

    /// <summary>Trees as the snapshot has them.</summary>
    private IReadOnlyList<SourceSummary> Recorded { get; init; } = [];

    /// <summary>With what the snapshot knows of: its sources are somebody's even where the configuration is gone.</summary>
    public RestoreNeighbours With(IEnumerable<SourceSummary> sources) =>
        this with
        {
            Recorded = [.. sources.Where(source => source.Kind == SourceKind.Storage)],
            Sources = [.. Sources, .. sources.Where(source => Path.IsPathFullyQualified(source.Path)).Select(source => new SourcePlace(source.Name, source.Kind, source.Path))],
        };

    /// <summary>Where everything is now.</summary>
    public ForeignPlaces Places(bool withLinks = false) => ForeignPlaces.Find(Repositories, Sources, withLinks);

    /// <summary>The boundary of one tree, as things are now.</summary>
    /// <param name="top">Its top, which is there.</param>
    /// <exception cref="PosixError">It cannot be looked at.</exception>
    public TreeBoundary Boundary(string top)
    {
        var status = Posix.StatusOrNull(top) ?? throw new PosixError(PosixError.NotFound);
        var settings = Trees.FirstOrDefault(tree => IsAt(tree.Path, status));
        var recorded = Recorded.FirstOrDefault(tree => IsAt(tree.Path, status));
        return new TreeBoundary(
            status,
            Places(withLinks: true),
            settings?.OneFileSystem ?? recorded?.OneFileSystem ?? true,
            settings?.Exclude ?? [],
            recorded?.Exclude ?? []);
    }

    private static bool IsAt(string path, in FileStatus top) => Posix.StatusOrNull(path) is { } there && (there.Device, there.Inode) == (top.Device, top.Inode);
}
