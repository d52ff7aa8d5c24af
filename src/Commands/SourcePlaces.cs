using VertexAr.Backup.Config;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>The places of the sources that a configuration names.</summary>
internal static class SourcePlaces
{
    public static IReadOnlyList<SourcePlace> Of(Settings settings) =>
    [
        .. settings.Databases.Select(d => new SourcePlace(d.Name, SourceKind.Database, d.Path)),
        .. settings.Storage.Select(s => new SourcePlace(s.Name, SourceKind.Storage, s.Path)),
    ];
}
