using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>What the installed service reaches of what a configuration names.</summary>
internal static class ServiceReach
{
    /// <summary>Whether the configuration is the one that the service reads: its file, and no other place for backups.</summary>
    public static bool IsServices(Surroundings around) =>
        around.Options.BackupDir is null
        && (around.Options.ConfigFile ?? around.Environment(SettingsFile.Variable) ?? "") is "" or SettingsFile.Default;

    /// <summary>The places it cannot reach, a line each, and whether the backup directory is not there at all.</summary>
    public static (IReadOnlyList<string> Unmet, bool IsMissing) Of(Settings settings, string unit)
    {
        var sandbox = UnitSandbox.Parse([unit, .. UnitFiles.ReadDropIns(ServiceSandbox.Unit)], RealPath.Of);
        return (
            [.. ServiceSandbox.Unmet(sandbox, Needs(settings)).Select(need =>
                $"{need.Path}: {need.What}, is {(sandbox.Of(need) == Reach.Hidden ? "hidden from it" : "not writable for it")}")],
            IsMissing(settings.BackupDir));
    }

    /// <summary>SQLite reads a database in WAL mode only where it can write beside it.</summary>
    public static IReadOnlyList<PathNeed> Needs(Settings settings) =>
    [
        new(RealPath.Of(settings.BackupDir), Write: true, "the backup directory"),
        .. settings.Databases.Select(database => new PathNeed(DirectoryOf(database.Path), Write: true, $"the directory of the database '{database.Name}'")),
        .. settings.Storage.Select(tree => new PathNeed(RealPath.Of(tree.Path), Write: false, $"the storage '{tree.Name}'", Tree: true)),
        .. Second(settings.Offsite),
        .. settings.Signing?.KeyFile is { } key ? [new PathNeed(RealPath.Of(key), Write: false, "the signing key")] : Array.Empty<PathNeed>(),
        .. Made(settings),
    ];

    private static IEnumerable<PathNeed> Second(OffsiteSetting? offsite)
    {
        if (offsite is not null && File.Exists(offsite.RcloneConfig))
        {
            yield return new PathNeed(RealPath.Of(offsite.RcloneConfig), Write: false, "rclone's configuration");
        }

        if (offsite?.Remote.StartsWith('/') == true)
        {
            yield return new PathNeed(RealPath.Of(offsite.Remote), Write: true, "the second place");
        }
    }

    /// <summary>Where a file is made anew, its directory is written to.</summary>
    private static IEnumerable<PathNeed> Made(Settings settings)
    {
        if (settings.MetricsFile is { } metrics)
        {
            yield return new PathNeed(DirectoryOf(metrics), Write: true, "the directory of 'metrics_file'");
        }

        if (settings.LogFile is { } log)
        {
            yield return new PathNeed(DirectoryOf(log), Write: true, "the directory of 'log_file'");
        }

        if (settings.Drill.Dir is { } drills)
        {
            yield return new PathNeed(RealPath.Of(drills), Write: true, "the directory for drills");
        }
    }

    private static string DirectoryOf(string file) => Path.GetDirectoryName(RealPath.Of(file)) ?? "/";

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
}
