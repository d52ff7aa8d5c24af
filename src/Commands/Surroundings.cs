using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>The outside world of a command: what it reads its configuration from, what it speaks through, its clock and its end.</summary>
internal sealed record Surroundings(
    GlobalOptions Options, Screen Screen, Func<string, string?> Environment, TimeProvider Clock, CancellationToken Stop)
{
    private readonly Lazy<string?> botCredential = new(() => BotToken.ReadCredential(Environment("CREDENTIALS_DIRECTORY")));

    private readonly Lazy<TrustedKeys?> trust = new(() => Signing.Trust(Options, Screen.Log, Environment));

    public Output Output => Screen.Output;

    /// <summary>Whose signatures count; null if no key is known.</summary>
    /// <exception cref="UserError">A key that is named cannot be read.</exception>
    public TrustedKeys? Trust => trust.Value;

    /// <summary>Once <see cref="Stop"/> is cancelled: whether by SIGINT or by SIGTERM.</summary>
    public Func<ExitCode> StoppedBy { get; init; } = () => ExitCode.Terminated;

    /// <summary>Ends the process some time after <see cref="Stop"/> was cancelled.</summary>
    public StopDeadline Deadline { get; init; } = new(() => { }, () => { });

    /// <summary>The Telegram bot's token that systemd keeps, which the user that root becomes may not read; null if there is none.</summary>
    public string? BotCredential => botCredential.Value;

    public RunProgress NewProgress() => new(Screen.Log.Say);

    /// <summary>The whole configuration: for what reads sources or follows policies.</summary>
    public Settings LoadSettings(int? maxBackups = null) =>
        SettingsLoader.Load(Options.ConfigFile, Options.BackupDir, Environment, maxBackups).Settings;

    /// <summary>The configuration, for what works without one: null if it is wrong.</summary>
    /// <param name="quiet">Do not say that nobody is told then.</param>
    public Settings? SettingsIfGood(bool quiet = false)
    {
        try
        {
            return LoadSettings();
        }
        catch (UserError e)
        {
            var first = e.Message.Split('\n')[0];
            Screen.Log.Say(quiet ? Severity.Detail : Severity.Warning, $"nobody is told how this ends: {first}; see '{CommandTable.Program} config check'");
            return null;
        }
    }

    /// <summary>The backup directory, for what works without the rest of a configuration.</summary>
    public string FindBackupDirectory() => SettingsLoader.BackupDir(Options.ConfigFile, Options.BackupDir, Environment);

    /// <summary>The second place, for what works without the rest of a configuration.</summary>
    /// <exception cref="UserError">None is configured, or named (exit code 2).</exception>
    public OffsiteSetting FindOffsite(OffsitePlace place) =>
        SettingsLoader.Offsite(Options.ConfigFile, place.Remote, place.RcloneConfig, Environment) ?? throw UserError.Usage(
            "no second place is configured", "set offsite.remote in the configuration, or name one with --remote REMOTE --rclone-config FILE");

    /// <summary>The snapshots, for what only reads them: disaster recovery needs no configuration. Where a key is known, those that it did not sign count as damaged.</summary>
    public SnapshotStore OpenSnapshots() => OpenSnapshots(FindBackupDirectory());

    /// <summary>The same, once another user has been become, who may not read the configuration.</summary>
    public SnapshotStore OpenSnapshots(string backupDirectory)
    {
        var layout = OpenRepository(backupDirectory);
        return new SnapshotStore(layout, trust: Trust is { } keys ? HeaderTrust.Of(keys, layout) : null);
    }

    /// <summary>Opens it. One that was there, and whose disk is not, is not taken for one that was never made.</summary>
    public Layout OpenRepository(string backupDirectory)
    {
        try
        {
            return Repository.Open(backupDirectory);
        }
        catch (UserError e) when (PlaceTrouble.Explain(e, backupDirectory) is { } told)
        {
            throw told;
        }
        catch (UserError e) when (e.Code == ExitCode.NoRepository && StateDirectory.Watch(this, backupDirectory).FindBackups(backupDirectory) is { } gone)
        {
            throw new UserError(ExitCode.NoRepository, gone.Message, gone.Hint, e);
        }
    }

    /// <summary>For what is remembered and notified: a mistyped ID is refused before a run begins, and says nothing about the backups.</summary>
    /// <exception cref="UserError">No snapshot, or more than one, has an ID that begins so.</exception>
    public static void RequireSnapshot(string backupDirectory, string? id)
    {
        var layout = new Layout(backupDirectory);
        if (id is not null and not SnapshotStore.Latest && File.Exists(layout.Mark))
        {
            _ = new SnapshotStore(layout).FindId(id);
        }
    }

    /// <summary>
    /// Run by root, becomes the owner of the backup directory: whatever root left there, the service could not rotate. A
    /// directory of root's own is worked in as root, unless others could lead root elsewhere.
    /// </summary>
    /// <exception cref="UserError">They could.</exception>
    public void BecomeOwner(string backupDirectory)
    {
        _ = BotCredential;
        LearnTrust();
        if (OwnerOf(backupDirectory) is var (uid, gid))
        {
            Accounts.Become(uid, gid);
        }
        else
        {
            RepositoryExposure.Refuse(backupDirectory);
        }
    }

    /// <summary>Whom root becomes for work in the backup directory; null for nobody else.</summary>
    public static (uint Uid, uint Gid)? OwnerOf(string backupDirectory) =>
        Posix.IsRoot && ServiceIdentity.OwnerOf(backupDirectory) is { Uid: not 0 } owner ? owner : null;

    /// <summary>While root may read it. What is wrong with it is said by what needs it.</summary>
    public void LearnTrust()
    {
        try
        {
            _ = Trust;
        }
        catch (UserError)
        {
            // The Lazy throws it again.
        }
    }
}
