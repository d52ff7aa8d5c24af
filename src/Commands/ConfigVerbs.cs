using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary><c>config check</c>, <c>config show</c> and <c>config sandbox</c>.</summary>
internal static class ConfigVerbs
{
    public static ExitCode Check(Surroundings around)
    {
        var settings = around.LoadSettings();
        ExcludeReach.Check(settings);
        ScheduleReading.Check(settings, around.Clock);
        if (ServiceReach.IsServices(around) && UnitFiles.Read(ServiceSandbox.Unit) is { } unit)
        {
            CheckService(settings, unit);
        }

        CheckOverlaps(around, settings);
        WarnOfUnreadableFiles(around, settings);
        ExposedFiles.Of(around, settings).ForEach(file => around.Screen.Log.Say(Severity.Warning, $"{file.Sentence}; {file.Mending}"));
        foreach (var (_, sentence, hint) in UnnamedSources.Of(settings))
        {
            around.Screen.Log.Say(Severity.Warning, $"{sentence}; {hint}");
        }

        around.Output.Line($"the configuration is good: {Units.Count(settings.Databases.Count, "database")}, "
            + $"{Units.Count(settings.Storage.Count, "storage tree")}, backups in {settings.BackupDir}");
        return ExitCode.Done;
    }

    /// <summary>Places that lie in each other are named, with what that means; one place that is named twice is an error.</summary>
    private static void CheckOverlaps(Surroundings around, Settings settings)
    {
        var overlaps = SourceOverlaps.Find(settings.BackupDir, SourcePlaces.Of(settings), settings.SecondPlaces);
        if (overlaps.Where(overlap => overlap.IsError).Select(overlap => overlap.Text).ToList() is { Count: > 0 } errors)
        {
            throw UserError.Usage(string.Join('\n', errors));
        }

        foreach (var overlap in overlaps)
        {
            if (overlap.IsWarning)
            {
                around.Screen.Log.Say(Severity.Warning, overlap.Text);
            }
            else
            {
                around.Output.Line(overlap.Text);
            }
        }
    }

    /// <summary>Single files are few, so each is tried; what a tree holds is for doctor, which tries as the service's user.</summary>
    private static void WarnOfUnreadableFiles(Surroundings around, Settings settings)
    {
        foreach (var file in settings.Storage.Select(s => new TreeOptions(s.Name, s.Path, s.Exclude, s.OneFileSystem)).Where(options => options.IsFile))
        {
            try
            {
                DirectorySource.Check(file);
            }
            catch (UserError e)
            {
                around.Screen.Log.Say(Severity.Warning, e.Message);
            }
        }
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

        table.Print(around.Output);
        return ExitCode.Done;
    }

    /// <summary>The drop-in for the installed unit; where none is installed, for one that may write nowhere.</summary>
    public static ExitCode Sandbox(Surroundings around)
    {
        var needs = ServiceReach.Needs(around.LoadSettings());
        var unit = UnitFiles.Read(ServiceSandbox.Unit) ?? "[Service]\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n";
        around.Output.Lines(ServiceSandbox.DropIn(UnitSandbox.Parse([unit], RealPath.Of), needs));
        return ExitCode.Done;
    }

    private static void CheckService(Settings settings, string unit)
    {
        var (unmet, missing) = ServiceReach.Of(settings, unit);
        if (unmet.Count > 0)
        {
            throw UserError.Failed(
                $"the configuration is good, but {ServiceSandbox.Unit} cannot reach all of it in its sandbox:\n{string.Join('\n', unmet)}",
                $"let it, with: {ServiceSandbox.MendingCommand}");
        }

        if (missing)
        {
            var identity = ServiceIdentity.Find(settings.BackupDir);
            throw UserError.Failed(
                $"the configuration is good, but the backup directory {settings.BackupDir} does not exist, and {ServiceSandbox.Unit} cannot make it",
                $"make it, with: sudo install -d -o {identity.User} -g {identity.Group} -m 750 {ShellWord.Of(settings.BackupDir)}");
        }
    }
}
