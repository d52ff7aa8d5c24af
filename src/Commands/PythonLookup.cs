using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>Finds what the Python system left, where a command names a backup.</summary>
internal static class PythonLookup
{
    private const string Names = "its files are named like db_backup_20240107_020000.db, storage_backup_20240107_030000.tar.gz or full_backup_20240107_030000.json";

    /// <summary>The backup that a text on the command line means: a path of one of its files, its name in the backup directory, or where there is no repository the latest there. Null for a snapshot's ID.</summary>
    /// <exception cref="UserError">It means one that is not there.</exception>
    public static PythonBackup? Find(Surroundings around, string text, SnapshotType? type = null)
    {
        if (text.Contains('/', StringComparison.Ordinal) || (PythonFileName.Parse(text) is not null && File.Exists(text)))
        {
            return !File.Exists(text)
                ? throw UserError.Failed($"there is no file {text}", "name a file of an old backup by its path, or a snapshot by its ID as 'list' shows it")
                : PythonBackups.FindFile(text) ?? throw UserError.Failed($"{text} is no backup of the Python system", Names);
        }

        if (text == CommandTable.Latest)
        {
            return Latest(around.FindBackupDirectory(), type);
        }

        if (PythonFileName.Parse(text) is not { } name)
        {
            return null;
        }

        var directory = around.FindBackupDirectory();
        return In(directory).Get(name.Backup)
            ?? throw UserError.Failed($"there is no backup {name.Backup} in {directory}", "'vertex-ar-backup list' shows those that are there");
    }

    /// <summary>Checks an old backup, and makes ready to restore it.</summary>
    public static RestoreBackup Prepare(Surroundings around, PythonBackup backup, RestorePlan plan, RunProgress progress)
    {
        var names = SourceNames(around.SettingsIfGood(quiet: true));
        RestorePython what;
        using (around.Screen.Progress(progress))
        {
            what = new RestorePython(backup, plan.Only, names, around.Clock, progress, around.Stop);
        }

        return new RestoreBackup(what, plan, around.Clock, progress, around.Stop);
    }

    /// <summary>All that lies in a directory, oldest first.</summary>
    public static IReadOnlyList<PythonBackup> All(string directory) => In(directory).All;

    /// <summary>What sources are called here, from the configuration, or from its defaults where it has none or is wrong.</summary>
    public static PythonNames SourceNames(Settings? settings) => new(
        Or(settings?.Databases.Select(d => new NamedPlace(d.Name, d.Path)), new NamedPlace("app_data", "/opt/vertex-ar/app_data/app_data.db")),
        Or(settings?.Storage.Select(s => new NamedPlace(s.Name, s.Path)), new NamedPlace("storage", "/opt/vertex-ar/storage")));

    /// <summary>Where there are snapshots, the latest is one of them.</summary>
    private static PythonBackup? Latest(string directory, SnapshotType? type) => CreateImport.IsRepository(directory)
        ? null
        : All(directory).LastOrDefault(backup => backup.Problem is null && (type is null || backup.Type == type));

    private static PythonBackups In(string directory)
    {
        try
        {
            return PythonBackups.Find(directory);
        }
        catch (UserError e) when (PlaceTrouble.Explain(e, directory) is { } told)
        {
            throw told;
        }
    }

    private static List<NamedPlace> Or(IEnumerable<NamedPlace>? configured, NamedPlace otherwise) => configured?.ToList() is { Count: > 0 } some ? some : [otherwise];
}
