using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>A source as snapshots know it.</summary>
internal sealed record NamedPlace(string Name, string Path);

/// <summary>What the sources in backups of the Python system are called here, which had no names, and where they were.</summary>
/// <param name="Databases">The configured ones, at least one.</param>
/// <param name="Trees">The configured ones, at least one.</param>
internal sealed record PythonNames(IReadOnlyList<NamedPlace> Databases, IReadOnlyList<NamedPlace> Trees)
{
    /// <summary>
    /// The path is the one in the backup's metadata, if it says one that can be a place; else the configured one that ends like
    /// it, else the first of the kind. The name is that of the configured source at this path, or of one with the same last
    /// name, or the first of its kind.
    /// </summary>
    public NamedPlace Of(PythonArchive archive)
    {
        var known = archive.Kind == SourceKind.Database ? Databases : Trees;
        var told = archive.Metadata?.OriginalPath?.TrimEnd('/') ?? "";
        if (told.Length == 0 || told.Contains('\0', StringComparison.Ordinal))
        {
            return known[0];
        }

        if (!Path.IsPathFullyQualified(told))
        {
            var relative = told.StartsWith("./", StringComparison.Ordinal) ? told[2..] : told;
            return known.FirstOrDefault(place => place.Path.EndsWith("/" + relative, StringComparison.Ordinal)) ?? known[0];
        }

        var path = Path.GetFullPath(told);
        if (!EntryRules.IsSafePath(Posix.Bytes(Path.GetFileName(path))))
        {
            return known[0];
        }

        var named = known.FirstOrDefault(place => place.Path == path)
            ?? known.FirstOrDefault(place => Path.GetFileName(place.Path) == Path.GetFileName(path)) ?? known[0];
        return named with { Path = path };
    }
}
