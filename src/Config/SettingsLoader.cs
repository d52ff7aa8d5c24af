using VertexAr.Backup.Core;

namespace VertexAr.Backup.Config;

/// <summary>The settings in force: file, then environment, then options, each overriding the one before.</summary>
internal static class SettingsLoader
{
    private const string BackupDirOption = "--backup-dir";
    private const string RemoteOption = "--remote";

    /// <summary>Everything. <paramref name="defaultFile"/> is read when no file is named, and need not exist.</summary>
    /// <exception cref="UserError">Exit code 2: all that is wrong, one line an error.</exception>
    public static LoadedSettings Load(
        string? configFile,
        string? backupDirFlag,
        Func<string, string?> environment,
        int? maxBackupsFlag = null,
        string defaultFile = SettingsFile.Default)
    {
        var (draft, errors) = (new SettingsDraft(), new SettingsErrors());
        if (SettingsFile.Read(configFile, environment, defaultFile) is var (file, tree))
        {
            new FileBinder(file, draft, errors).Bind(tree);
        }

        draft.DefaultSources();
        EnvironmentBinder.Bind(environment, draft, errors);
        draft.BackupDir = Flag(backupDirFlag) ?? draft.BackupDir;
        if (maxBackupsFlag is { } max)
        {
            draft.Set(NumberKey.MaxBackups, max, "--max-backups");
        }

        new SettingsCheck(draft, errors).Run();
        errors.ThrowIfAny();
        return draft.Finish();
    }

    /// <summary>
    /// The backup directory alone, by the same precedence. A file is read only if neither option nor environment names the
    /// directory, and nothing else in it need be right: what restores must work where the configuration is lost or broken.
    /// </summary>
    /// <exception cref="UserError">Exit code 2.</exception>
    public static string BackupDir(
        string? configFile,
        string? backupDirFlag,
        Func<string, string?> environment,
        string defaultFile = SettingsFile.Default)
    {
        var (draft, errors) = (new SettingsDraft(), new SettingsErrors());
        draft.BackupDir = Flag(backupDirFlag) ?? EnvironmentBinder.Value(environment, EnvironmentBinder.BackupDir);
        if (draft.BackupDir is null && SettingsFile.Read(configFile, environment, defaultFile) is var (file, tree))
        {
            new FileBinder(file, draft, errors).BindBackupDir(tree);
        }

        new SettingsCheck(draft, errors).CheckBackupDir();
        errors.ThrowIfAny();
        return draft.BackupDir!.Value;
    }

    /// <summary>
    /// Whom to tell, by the same precedence. Nothing else in the file need be right: that it is not may be what there is to tell.
    /// </summary>
    /// <exception cref="UserError">Exit code 2: the file cannot be read.</exception>
    public static NotifySetting Notify(string? configFile, Func<string, string?> environment, string defaultFile = SettingsFile.Default)
    {
        var (draft, errors) = (new SettingsDraft(), new SettingsErrors());
        if (SettingsFile.Read(configFile, environment, defaultFile) is var (file, tree))
        {
            new FileBinder(file, draft, errors).Bind(tree);
        }

        EnvironmentBinder.Bind(environment, draft, errors);
        return draft.Run.Notify;
    }

    /// <summary>Whose signatures count, or null if that is not configured. Nothing else in the file need be right.</summary>
    /// <param name="configFile">The file that was named.</param>
    /// <param name="environment">May name the file.</param>
    /// <param name="unreadable">Told why the file cannot be read at all; then null is returned.</param>
    /// <param name="defaultFile">Read when none is named.</param>
    /// <exception cref="UserError">Exit code 2: what it says of signatures is wrong.</exception>
    public static SigningSetting? Signing(string? configFile, Func<string, string?> environment, Action<UserError> unreadable, string defaultFile = SettingsFile.Default)
    {
        var (draft, errors) = (new SettingsDraft(), new SettingsErrors());
        try
        {
            if (SettingsFile.Read(configFile, environment, defaultFile) is var (file, tree))
            {
                new FileBinder(file, draft, errors).BindSigning(tree);
                new SettingsCheck(draft, errors).CheckSigning();
            }
        }
        catch (UserError e)
        {
            unreadable(e);
            return null;
        }

        errors.ThrowIfAny();
        return draft.Signing.Setting;
    }

    /// <summary>
    /// The second place, or null if none is configured. Nothing else in the file need be right: it may be all that is left.
    /// </summary>
    /// <param name="configFile">The file that was named.</param>
    /// <param name="remote">A remote that was named: then no file is read.</param>
    /// <param name="rcloneConfig">rclone's configuration that was named.</param>
    /// <param name="environment">May name the file.</param>
    /// <param name="defaultFile">Read when none is named.</param>
    /// <exception cref="UserError">Exit code 2.</exception>
    public static OffsiteSetting? Offsite(
        string? configFile, string? remote, string? rcloneConfig, Func<string, string?> environment, string defaultFile = SettingsFile.Default)
    {
        var (draft, errors) = (new SettingsDraft(), new SettingsErrors());
        if (remote is not null)
        {
            draft.Offsite.Remote = new Sourced<string>(remote, RemoteOption);
            if (OffsiteBinder.Trouble(remote) is { } trouble)
            {
                errors.Add(RemoteOption, trouble);
            }
        }
        else if (SettingsFile.Read(configFile, environment, defaultFile) is var (file, tree))
        {
            new FileBinder(file, draft, errors).BindOffsite(tree);
            new SettingsCheck(draft, errors).CheckOffsite();
        }

        errors.ThrowIfAny();
        return draft.Offsite.Setting is { } setting && rcloneConfig is not null
            ? setting with { RcloneConfig = Path.GetFullPath(rcloneConfig) }
            : draft.Offsite.Setting;
    }

    /// <summary>On a command line a path is meant from where one stands.</summary>
    private static Sourced<string>? Flag(string? backupDir) =>
        backupDir is null ? null : new Sourced<string>(Path.GetFullPath(backupDir), BackupDirOption);
}
