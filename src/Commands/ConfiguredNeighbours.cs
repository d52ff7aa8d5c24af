using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>What the configuration says of things that a restore leaves alone, as far as there is a good one.</summary>
internal static class ConfiguredNeighbours
{
    /// <summary>Where it has sources, for a restore in place, unless the command goes by the snapshot. Where no file is, the defaults are the configuration.</summary>
    public static RestorePlaces Places(Surroundings around, RestoreCommand command) => new(around.SettingsIfGood(quiet: true) is { } settings ? Sources(settings) : null)
    {
        Watch = StateDirectory.Watch(around, around.FindBackupDirectory(), command.Moved, RestoreVerb.Accept),
        Allowed = command.AsInSnapshot ? [.. command.Allow!.Select(directory => Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)))] : null,
    };

    public static RestoreNeighbours Of(Surroundings around)
    {
        var settings = around.SettingsIfGood(quiet: true);
        return new RestoreNeighbours(
            [around.FindBackupDirectory(), .. settings?.SecondPlaces ?? []],
            settings is null ? [] : Sources(settings),
            [.. settings?.Storage.Select(tree => new TreeOptions(tree.Name, tree.Path, tree.Exclude, tree.OneFileSystem)) ?? []]);
    }

    private static List<SourcePlace> Sources(Settings settings) =>
    [
        .. settings.Databases.Select(database => new SourcePlace(database.Name, SourceKind.Database, database.Path)),
        .. settings.Storage.Select(tree => new SourcePlace(tree.Name, SourceKind.Storage, tree.Path)),
    ];
}
