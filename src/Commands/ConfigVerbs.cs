using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary><c>config check</c> and <c>config show</c>.</summary>
internal static class ConfigVerbs
{
    public static ExitCode Check(Surroundings around)
    {
        var settings = around.LoadSettings();
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
}
