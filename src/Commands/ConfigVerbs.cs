using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary><c>config check</c>, <c>config show</c> and <c>config sandbox</c>.</summary>
internal static class ConfigVerbs
{
    public static ExitCode Check(Surroundings around)
    {
        var settings = around.LoadSettings();
        ScheduleReading.Check(settings, around.Clock);
        if (IsServices(around) && UnitFiles.Read(ServiceSandbox.Unit) is { } unit)
        {
            CheckService(settings, UnitSandbox.Parse([unit, .. UnitFiles.ReadDropIns(ServiceSandbox.Unit)], UnitFiles.RealPath));
        }

        around.Output.Line($"the configuration is good: {Units.Count(settings.Databases.Count, "database")}, "
            + $"{Units.Count(settings.Storage.Count, "storage tree")}, backups in {settings.BackupDir}");
        return ExitCode.Done;
    }

    public static ExitCode Show(Surroundings around)
    {
        var origins = SettingsLoader.Load(around.Options.ConfigFile, around.Options.BackupDir, around.Environment).Origins;
        if (around.Output.Json)
        {
            foreach (var origin in origins)
            {
                around.Output.Record("setting", json =>
                {
                    json.WriteString("key", origin.Key);
                    json.WriteString("value", origin.Value);
                    json.WriteString("origin", origin.Origin);
                });
            }

            return ExitCode.Done;
        }

        var table = new Table([new("KEY"), new("VALUE"), new("ORIGIN")]);
        foreach (var origin in origins)
        {
            table.Add(origin.Key, origin.Value, origin.Origin);
        }

        around.Output.Lines(table.Lines());
        return ExitCode.Done;
    }

    /// <summary>The drop-in for the installed unit; where none is installed, for one that may write nowhere.</summary>
    public static ExitCode Sandbox(Surroundings around)
    {
        var needs = Needs(around.LoadSettings());
        var unit = UnitFiles.Read(ServiceSandbox.Unit) ?? "[Service]\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n";
        around.Output.Lines(ServiceSandbox.DropIn(UnitSandbox.Parse([unit], UnitFiles.RealPath), needs));
        return ExitCode.Done;
    }

    /// <summary>Whether what is checked is what the service reads: its file, and no other place for backups.</summary>
    private static bool IsServices(Surroundings around) =>
        around.Options.BackupDir is null
        && (around.Options.ConfigFile ?? around.Environment(SettingsFile.Variable) ?? "") is "" or SettingsFile.Default;

    private static void CheckService(Settings settings, UnitSandbox sandbox)
    {
        var unmet = ServiceSandbox.Unmet(sandbox, Needs(settings));
        if (unmet.Count > 0)
        {
            var lines = unmet.Select(need => $"{need.Path}: {need.What}, is {(sandbox.Of(need) == Reach.Hidden ? "hidden from it" : "not writable for it")}");
            throw UserError.Failed(
                $"the configuration is good, but {ServiceSandbox.Unit} cannot reach all of it in its sandbox:\n{string.Join('\n', lines)}",
                $"let it, with: {ServiceSandbox.MendingCommand}");
        }

        if (IsMissing(settings.BackupDir))
        {
            throw UserError.Failed(
                $"the configuration is good, but the backup directory {settings.BackupDir} does not exist, and {ServiceSandbox.Unit} cannot make it",
                $"make it, with: sudo install -d -o vertex-ar -g vertex-ar -m 750 {settings.BackupDir}");
        }
    }

    private static bool IsMissing(string directory)
    {
        try
        {
            return Posix.StatusOrNull(directory) is null;
        }
        catch (PosixError)
        {
            return false; // It cannot be seen from here; the service may see it.
        }
    }

    /// <summary>Where a file is made anew, its directory is written to. SQLite reads a database in WAL mode only where it can write beside it.</summary>
    private static List<PathNeed> Needs(Settings settings) =>
    [
        new(UnitFiles.RealPath(settings.BackupDir), Write: true, "the backup directory"),
        .. settings.Databases.Select(database => new PathNeed(
            Path.GetDirectoryName(UnitFiles.RealPath(database.Path)) ?? "/", Write: true, $"the directory of the database '{database.Name}'")),
        .. settings.Storage.Select(tree => new PathNeed(UnitFiles.RealPath(tree.Path), Write: false, $"the storage '{tree.Name}'", Tree: true)),
        .. FilesWritten(settings).Select(file => new PathNeed(Path.GetDirectoryName(UnitFiles.RealPath(file.Path)) ?? "/", Write: true, $"the directory of '{file.Key}'")),
        .. settings.Drill.Dir is { } drills ? [new PathNeed(UnitFiles.RealPath(drills), Write: true, "the directory for drills")] : (PathNeed[])[],
    ];

    private static IEnumerable<(string Key, string Path)> FilesWritten(Settings settings)
    {
        (string Key, string? Path)[] files = [("metrics_file", settings.MetricsFile), ("log_file", settings.LogFile)];
        return files.Where(file => file.Path is not null).Select(file => (file.Key, file.Path!));
    }
}
