using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>What the command line asks for. Closed: every verb is a record in this file, and Program is one switch over them.</summary>
internal abstract record Command
{
    private protected Command()
    {
    }
}

/// <summary>
/// <paramref name="MaxBackups"/> overrides the configured number; null leaves it. <paramref name="NoOffsite"/>: no copy afterwards.
/// <paramref name="AcceptShrink"/>: a source that lost its content is as it should be.
/// <paramref name="Moved"/>: places on other file systems than before are as they should be.
/// </summary>
internal sealed record CreateCommand(
    SnapshotType Type, int? MaxBackups, bool NoRotate, bool Rescan, bool DryRun, bool NoOffsite = false, bool AcceptShrink = false, bool Moved = false) : Command;

/// <summary>Where the copies are: a remote of rclone's and rclone's configuration; null for what is configured.</summary>
internal sealed record OffsitePlace(string? Remote, string? RcloneConfig)
{
    /// <summary>The options that name it, for a command that is offered: " --from-offsite --remote X".</summary>
    public string Options => $" {CommandTable.FromOffsite.Name}" + Given(CommandTable.Remote, Remote) + Given(CommandTable.RcloneConfig, RcloneConfig);

    private static string Given(Option option, string? value) => value is null ? "" : $" {option.Name} {ShellWord.Of(value)}";
}

/// <summary><paramref name="From"/>: of the copies there; null for the backup directory.</summary>
internal sealed record ListCommand(SnapshotType? Type, OffsitePlace? From = null) : Command;

/// <summary>
/// <paramref name="Id"/> is a snapshot's ID, or <see cref="CommandTable.Latest"/>. <paramref name="From"/>: of the copies
/// there; null for the backup directory.
/// </summary>
internal sealed record ShowCommand(string Id, bool Files, OffsitePlace? From = null) : Command;

internal sealed record StatsCommand : Command;

/// <summary>
/// <paramref name="Id"/> is a snapshot's ID, or <see cref="CommandTable.Latest"/>, which chooses from snapshots of
/// <paramref name="Type"/> (null: all). <paramref name="Only"/> null means sources of both kinds; no <paramref name="Paths"/>
/// (glob patterns) means every file; <paramref name="To"/> null means in place. <paramref name="From"/>: from the copies
/// there; null for the backup directory. <paramref name="KeepSpecial"/>: set-user-ID, capabilities and device nodes come back
/// whoever could have put them into the snapshot. <paramref name="AsInSnapshot"/>: to the places that the snapshot has, below the
/// directories <paramref name="Allow"/>, and not to those of the configuration. <paramref name="Moved"/>: places on other file
/// systems than before are as they should be.
/// </summary>
internal sealed record RestoreCommand(
    string Id,
    SnapshotType? Type,
    SourceKind? Only,
    IReadOnlyList<string> Paths,
    string? To,
    bool Yes,
    bool NoVerify,
    bool KeepGoing,
    bool DryRun,
    OffsitePlace? From = null,
    bool Damaged = false,
    bool KeepSpecial = false,
    bool AsInSnapshot = false,
    IReadOnlyList<string>? Allow = null,
    bool RenameUnfit = false,
    bool Moved = false) : Command;

/// <summary>
/// Finishes a restore that was killed, or takes it back (<paramref name="Undo"/>). <paramref name="Place"/> says which, if there
/// are several: a path that it replaces, its journal, or its time; null for the only one.
/// </summary>
internal sealed record RestoreRestCommand(bool Undo, string? Place) : Command;

/// <summary><paramref name="Id"/> is a snapshot's ID or <see cref="CommandTable.Latest"/>; null means all snapshots.</summary>
internal sealed record VerifyCommand(string? Id, bool Deep) : Command;

/// <summary><paramref name="Id"/> is a snapshot's ID or <see cref="CommandTable.Latest"/>; null means the newest complete one, full if there is such.</summary>
internal sealed record DrillCommand(string? Id, bool Moved = false) : Command;

/// <summary><paramref name="Directory"/> is where backups of the Python system lie; null means the backup directory.</summary>
internal sealed record ImportCommand(string? Directory, bool DryRun, bool Moved = false) : Command;

/// <summary>Every number overrides the configured one; null leaves it.</summary>
internal sealed record RotateCommand(int? MaxBackups, int? KeepDaily, int? KeepWeekly, int? KeepMonthly, int? KeepYearly, bool DryRun) : Command;

/// <summary>
/// <paramref name="Print"/>: only says when jobs will run. <paramref name="RunNow"/>: only runs that job, now; null runs each at
/// its time.
/// </summary>
internal sealed record ScheduleCommand(bool Print, ScheduledJob? RunNow) : Command;

internal sealed record StatusCommand : Command;

internal sealed record DoctorCommand(bool Notify) : Command;

internal sealed record OffsitePushCommand(OffsitePlace Place, bool DryRun, bool Moved = false) : Command;

/// <summary><paramref name="Id"/> is a snapshot's ID or <see cref="CommandTable.Latest"/>; null means all that are not here.</summary>
internal sealed record OffsitePullCommand(OffsitePlace Place, string? Id, bool Moved = false) : Command;

internal sealed record OffsiteStatusCommand(OffsitePlace Place) : Command;

/// <summary>
/// <paramref name="Id"/> is a snapshot's ID or <see cref="CommandTable.Latest"/>; null means all. <paramref name="Percent"/> of the
/// packs are read: 100 for all, 0 for none.
/// </summary>
internal sealed record OffsiteVerifyCommand(OffsitePlace Place, string? Id, int Percent) : Command;

/// <summary>Makes a signing key, in <paramref name="File"/>; null for the configured one.</summary>
internal sealed record KeyNewCommand(string? File) : Command;

/// <summary>Shows the public key of <paramref name="File"/>; null for the configured one.</summary>
internal sealed record KeyShowCommand(string? File) : Command;

/// <summary>Lists the snapshots that are here as right; <paramref name="Yes"/>: without asking.</summary>
internal sealed record KeySignCommand(bool Yes) : Command;

internal sealed record ConfigCheckCommand : Command;

internal sealed record ConfigShowCommand : Command;

internal sealed record ConfigSandboxCommand : Command;

/// <summary>Tells <paramref name="Subject"/> to whoever is to be told of runs; <paramref name="Failure"/>: the healthcheck too, that a run failed.</summary>
internal sealed record NotifyCommand(string Subject, bool Failure) : Command;

/// <summary>
/// <paramref name="Topic"/> is the command to explain, null for the overview. When no command was given at all, help was not
/// <paramref name="Asked"/> for: then it goes to stderr and the exit code is 2.
/// </summary>
internal sealed record HelpCommand(string? Topic, bool Asked = true) : Command;

/// <summary>For the package's build: the man page's source.</summary>
internal sealed record ManPageCommand : Command;

/// <summary>For the package's build: completion for <paramref name="Shell"/>, bash or zsh.</summary>
internal sealed record CompletionCommand(string Shell) : Command;

internal sealed record VersionCommand : Command;

/// <summary>What may stand before or after any command.</summary>
internal sealed record GlobalOptions(
    string? ConfigFile = null,
    string? BackupDir = null,
    bool Json = false,
    bool Quiet = false,
    bool Verbose = false,
    bool NoProgress = false)
{
    /// <summary>Whose signatures count, whatever the configuration says: of the commands that check them. Null for what is configured.</summary>
    public IReadOnlyList<string>? Trust { get; init; }
}
