using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>What the configuration says of things that a restore leaves alone, as far as there is a good one.</summary>
internal static class ConfiguredNeighbours
{
    public static RestoreNeighbours Of(Surroundings around)
    {
        var settings = around.SettingsIfGood(quiet: true);
        return new RestoreNeighbours(
            around.FindBackupDirectory(),
            [
                .. settings?.Databases.Select(database => new SourcePlace(database.Name, SourceKind.Database, database.Path)) ?? [],
                .. settings?.Storage.Select(tree => new SourcePlace(tree.Name, SourceKind.Storage, tree.Path)) ?? [],
            ],
            [.. settings?.Storage.Select(tree => new TreeOptions(tree.Name, tree.Path, tree.Exclude, tree.OneFileSystem)) ?? []])
        {
            AreNamed = settings is { NamesSources: true },
        };
    }
}
