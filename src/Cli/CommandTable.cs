using VertexAr.Backup.Core;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Cli;

/// <summary>
/// The one table of commands and options. The parser, help, the man page and shell completion all read it, so that none of
/// them can know an option the others do not. A new verb is an entry here, a record in Command.cs and a binding in Bindings.cs.
/// </summary>
internal static class CommandTable
{
    public const string Program = "vertex-ar-backup";

    /// <summary>Stands for the newest snapshot wherever an ID is expected.</summary>
    public const string Latest = "latest";

    public static readonly IReadOnlyList<string> TypeWords = ["database", "storage", "full"];
    public static readonly IReadOnlyList<string> KindWords = ["database", "storage"];
    public static readonly IReadOnlyList<string> JobWords = ["database", "storage", "full", "rotation"];

    public static readonly Option Config = new("--config", "read this configuration file", "FILE");
    public static readonly Option BackupDir = new("--backup-dir", "the directory that holds the snapshots", "DIR");
    public static readonly Option Json = new("--json", "print JSON lines, for programs");
    public static readonly Option Quiet = new("--quiet", "say nothing but warnings and errors", Short: "-q");
    public static readonly Option Verbose = new("--verbose", "say what is done in detail", Short: "-v");
    public static readonly Option NoProgress = new("--no-progress", "draw no progress line");
    public static readonly Option Help = new("--help", "explain a command, or all of them", Short: "-h");
    public static readonly Option Version = new("--version", "print the version", Short: "-V");

    public static readonly Option Type = new("--type", "only snapshots of this type", "TYPE", Choices: TypeWords);
    public static readonly Option CreateType = Type with { Help = "what to save; the same as naming it without --type" };
    public static readonly Option RestoreType = Type with { Help = "with 'latest': the newest snapshot of this type" };
    public static readonly Option MaxBackups =
        new("--max-backups", "keep the newest N snapshots of each type", "N", Minimum: 1);
    public static readonly Option KeepDaily =
        new("--keep-daily", "also keep the newest of each of N days", "N", Minimum: 0);
    public static readonly Option KeepWeekly =
        new("--keep-weekly", "also keep the newest of each of N weeks", "N", Minimum: 0);
    public static readonly Option KeepMonthly =
        new("--keep-monthly", "also keep the newest of each of N months", "N", Minimum: 0);
    public static readonly Option KeepYearly =
        new("--keep-yearly", "also keep the newest of each of N years", "N", Minimum: 0);
    public static readonly Option NoRotate = new("--no-rotate", "delete no old snapshots afterwards");
    public static readonly Option Rescan = new("--rescan", "read every file, even those that look unchanged");
    public static readonly Option AcceptShrink =
        new("--accept-shrink", "a source that lost its content is right as it is now");
    public static readonly Option Moved =
        new("--moved", "all places are right on the disks where they are now");
    public static readonly Option DryRun = new("--dry-run", "only say what would be done");
    public static readonly Option Files = new("--files", "list every file in the snapshot");
    public static readonly Option Only = new("--only", "only sources of this kind", "KIND", Choices: KindWords);
    public static readonly Option Path =
        new("--path", "only this file or directory, or pattern; repeatable", "PATH", Repeats: true);
    public static readonly Option To = new("--to", "restore beneath this directory, not in place", "DIR");
    public static readonly Option Yes = new("--yes", "do not ask before replacing what is there");
    public static readonly Option Continue = new("--continue", "finish a restore that was killed; ID may name its place if there are several");
    public static readonly Option Undo = new("--undo", "take back a restore that was killed; ID may name its place if there are several");
    public static readonly Option NoVerify = new("--no-verify", "do not compare what is restored with its SHA-256");
    public static readonly Option Damaged = new("--damaged", "restore databases too that were damaged when they were saved");
    public static readonly Option AsInSnapshot = new("--as-in-snapshot", "restore to the places that the snapshot has, not those of the configuration; asks for each, also with --yes");
    public static readonly Option Allow = new("--allow", "with --as-in-snapshot, a directory that may be restored to; repeatable", "DIR", Repeats: true);
    public static readonly Option KeepSpecial = new("--keep-special", "restore set-user-ID, capabilities and device nodes although others could have put them there");
    public static readonly Option KeepGoing = new("--keep-going", "go on past what is damaged or cannot be written, and name it at the end");
    public static readonly Option RenameUnfit = new("--rename-unfit", "restore what the place does not take under its name under another one, and name both");
    public static readonly Option All = new("--all", "check every snapshot; the default");
    public static readonly Option Deep = new("--deep", "read and check the content of every file");
    public static readonly Option NoOffsite = new("--no-offsite", "make no copy in the second place afterwards");
    public static readonly Option FromOffsite = new("--from-offsite", "from the copies in the second place");
    public static readonly Option Remote = new("--remote", "the second place, as rclone names it, not the configured one", "REMOTE");
    public static readonly Option RcloneConfig = new("--rclone-config", "rclone's configuration, not the configured one", "FILE");
    public static readonly Option Trust =
        new("--trust", "a public key whose signatures count: the key, its fingerprint or a file; or 'none'; repeatable", "KEY", Repeats: true);
    public static readonly Option Sample = new("--sample", "read and check so many percent of the packs", "PERCENT", Minimum: 1);
    public static readonly Option Failure = new("--failure", "tell the healthcheck too that a run failed");
    public static readonly Option Print = new("--print", "only print when each job runs next");
    public static readonly Option RunNow = new("--run-now", "run this job now, and nothing else", "JOB", Choices: JobWords);
    public static readonly Option Notify = new("--notify", "send a test message on each configured channel");
    public static readonly Option Man = new("--man", "print the man page's source", Hidden: true);
    public static readonly Option Completion =
        new("--completion", "print a shell's completion", "SHELL", Choices: ["bash", "zsh"], Hidden: true);

    /// <summary>Accepted before and after every command.</summary>
    public static readonly IReadOnlyList<Option> Globals =
        [Config, BackupDir, Json, Quiet, Verbose, NoProgress, Help, Version];

    public static readonly IReadOnlyList<CommandEntry> Commands =
    [
        new(
            "create",
            "take a snapshot of database and storage",
            "Takes one consistent snapshot, storing only what is new, then deletes old snapshots as the configuration says. Without a "
                + "type it saves everything. Old snapshots are deleted only after the new one is complete, and none while a source "
                + "has lost its content: until it is back, or --accept-shrink is given once.",
            [new Positional("TYPE", "what to save: database, storage or full (the default)", Choices: TypeWords)],
            [CreateType, MaxBackups, NoRotate, Rescan, AcceptShrink, Moved, NoOffsite, DryRun],
            [
                new("create", "save everything"),
                new("create database --no-rotate", "save the databases, delete nothing"),
                new("create --dry-run", "see how much there is to save"),
                new("create --accept-shrink", "the files were deleted on purpose"),
                new("create --moved", "the files were moved to another disk on purpose"),
            ],
            Bindings.Create),
        new(
            "list",
            "list the snapshots, oldest first",
            "Lists the snapshots in the backup directory, oldest first, with their type, age, size and how much each of them added.",
            [],
            [Type, FromOffsite, Remote, RcloneConfig, Trust],
            [
                new("list", "all snapshots"),
                new("list --type database --json", "for a program, the database snapshots"),
                new("list --from-offsite", "those in the second place"),
            ],
            Bindings.List),
        new(
            "show",
            "show one snapshot, with --files all its files",
            "Shows what one snapshot holds: its sources, counts, sizes and the warnings of the run that made it.",
            [new Positional("ID", "a snapshot's ID as 'list' shows it, or 'latest'; or a file of an old backup", Required: true)],
            [Files, FromOffsite, Remote, RcloneConfig, Trust],
            [
                new("show latest", "the newest snapshot"),
                new("show 20261123T020000Z --files", "and every file in it"),
            ],
            Bindings.Show),
        new(
            "stats",
            "show how much space the snapshots take",
            "Shows how many snapshots there are, how much data they stand for and how much space they really take.",
            [],
            [],
            [new("stats", "sizes of the whole backup directory")],
            Bindings.Stats),
        new(
            "restore",
            "bring back a snapshot, or some files of it",
            "Puts a snapshot's databases and storage back where the configuration has them, or beneath another directory with --to. Every byte is "
                + "checked on the way. What is there now is kept aside under a name that ends in before_restore and the time. It asks "
                + "first, unless --yes is given. Databases, other trees, backups and mounts that lie inside a tree stay as they are. A "
                + "restore in place that was killed is finished with --continue or taken back with --undo.",
            [new Positional("ID", "a snapshot's ID as 'list' shows it, or 'latest'; or a file of an old backup; with --continue or --undo, what names the restore")],
            [RestoreType, Only, Path, To, AsInSnapshot, Allow, Moved, FromOffsite, Remote, RcloneConfig, Trust, Yes, NoVerify, KeepGoing, RenameUnfit, Damaged, KeepSpecial, DryRun, Continue, Undo],
            [
                new("restore latest", "everything, in place"),
                new("restore latest --path 'portraits/42*' --to /tmp/found", "some files, elsewhere"),
                new("restore 20261123T020000Z --only database --yes", "the databases, unasked"),
                new("restore latest --from-offsite", "everything, out of the second place"),
                new("restore /old/storage/storage_backup_20240107_030000.tar.gz", "what the Python system saved"),
                new("restore --undo", "everything as it was before a restore that was killed"),
            ],
            Bindings.Restore),
        new(
            "verify",
            "check that snapshots can be restored",
            "Checks that everything the snapshots need is there and undamaged, and names the snapshots and files that damage hits. "
                + "Without an ID it checks all snapshots. It changes nothing.",
            [new Positional("ID", "a snapshot's ID, or 'latest', or a file of an old backup; without it, all snapshots")],
            [All, Deep, Trust],
            [
                new("verify", "all snapshots, at the speed of the disk"),
                new("verify latest --deep", "every file of the newest one"),
            ],
            Bindings.Verify),
        new(
            "drill",
            "rehearse a restore, and prove what comes of it",
            "Restores a snapshot into a scratch directory, reads every file again and compares it with what was saved, lets SQLite "
                + "check each database, counts the rows of its tables and asks the configured queries; then removes the scratch. "
                + "Without an ID it takes the newest complete full snapshot. It needs the space that the restored files take.",
            [new Positional("ID", "a snapshot's ID, or 'latest'; without it, the newest complete full one")],
            [Moved, Trust],
            [
                new("drill", "could everything be restored?"),
                new("drill latest --json", "the newest snapshot, for a program"),
            ],
            Bindings.Drill),
        new(
            "rotate",
            "delete old snapshots and free their space",
            "Deletes the snapshots that the configured rules no longer keep, and what only they needed. Options override the "
                + "configuration for this run. The newest complete snapshot of each type is always kept.",
            [],
            [MaxBackups, KeepDaily, KeepWeekly, KeepMonthly, KeepYearly, DryRun],
            [
                new("rotate --dry-run", "see what would be deleted, and why"),
                new("rotate --max-backups 3 --keep-monthly 12", "other rules, this once"),
            ],
            Bindings.Rotate),
        new(
            "import",
            "make snapshots of the Python system's backups",
            "Makes a snapshot of each backup in DIR that the Python system made and that is none yet, oldest first, under the time at "
                + "which it was made. Each is read and checked before anything is stored, and only what is new is stored. The old "
                + "files stay as they are, nothing is rotated, and repeating it does what is left. A damaged backup is named, and "
                + "the others are imported. 'list', 'show', 'verify' and 'restore' know these backups without importing them.",
            [new Positional("DIR", "the directory with database/, storage/ and full/ in it; without it, the backup directory")],
            [DryRun, Moved],
            [
                new("import", "what lies in the backup directory"),
                new("import /var/backups/old --dry-run", "would it all be readable, and how much is it?"),
            ],
            Bindings.Import),
        new(
            "schedule",
            "run backups at their times, where there is no systemd",
            "Stays in the foreground and runs each job of the configuration's 'schedule' at its times, one at a time, as a process of "
                + "its own. A full backup serves a database or storage backup of the same minute. A time that was missed by more than "
                + "five minutes is skipped. SIGUSR1 prints the schedule; SIGTERM stops the running job cleanly and ends. With systemd, "
                + "the timer does all this better.",
            [],
            [Print, RunNow],
            [
                new("schedule", "run, until told to stop"),
                new("schedule --print", "when will what run?"),
                new("schedule --run-now rotation", "one job, at once"),
            ],
            Bindings.Schedule),
        new(
            "status",
            "say whether backups are healthy, and why not",
            "Says in one screen, and by its exit code, whether backups are healthy: the age of the newest snapshots against "
                + "'max_age_hours', partial snapshots, failed runs, damaged headers, and space. What is wrong comes first, with what "
                + "to do about it. Changes nothing and reads no content.",
            [],
            [],
            [
                new("status", "are backups healthy?"),
                new("status --quiet", "say nothing when all is well"),
                new("status --json", "everything, for a program"),
            ],
            Bindings.Status),
        new(
            "doctor",
            "check all that a backup needs",
            "Checks what the next run needs, one line each, with the command that mends what is not right: the configuration, the "
                + "sources, the backup directory, space, the repository, the systemd units, clock, hooks and files written to. With --notify it sends a test message on each configured channel. Run by "
                + "root it becomes the service's user, so that what it finds is true for the service. What it makes to try a place, it removes again.",
            [],
            [Notify],
            [
                new("doctor", "will the next backup work?"),
                new("doctor --quiet", "only what is not right"),
                new("doctor --notify", "and do messages arrive?"),
            ],
            Bindings.Doctor),
        new(
            "offsite",
            "copy snapshots to a second place and back, by rclone",
            "'offsite push' copies the snapshots that the second place lacks to it, and deletes there what its own retention does not "
                + "keep, if any is configured. 'offsite pull' brings one snapshot, or all that are not here, into the backup "
                + "directory, and what snapshots there have lost. 'offsite status' says which snapshots are where. 'offsite verify' checks what is there: names, sizes, "
                + "lists and the server's own checksums; with --sample some packs are read, with --deep all.",
            [
                new Positional("ACTION", "push, pull, status or verify", Required: true, Choices: ["push", "pull", "status", "verify"]),
                new Positional("ID", "with pull and verify: one snapshot, by its ID, or 'latest'; without it, all"),
            ],
            [Remote, RcloneConfig, Deep, Sample, DryRun, Moved, Trust],
            [
                new("offsite push", "copy what is new"),
                new("offsite status", "is the newest snapshot there?"),
                new("offsite verify --sample 5", "read a twentieth of the packs, each time others"),
                new("offsite pull latest --backup-dir /mnt/new", "onto a new machine"),
            ],
            Bindings.Offsite),
        new(
            "key",
            "make or show the key that signs snapshots, or sign those that are here",
            "'key new' makes a private key in FILE, or in the file that the configuration names as signing.key_file, or in "
                + "/etc/vertex-ar-backup/signing.key. It belongs to the owner of the backup directory, is readable by nobody else, and a "
                + "file that is there is never replaced. 'key show' prints the public key and its fingerprint: keep both in a password "
                + "manager, away from this machine. With signing.key_file configured, each new snapshot is signed. 'key sign' writes a "
                + "signed list of all snapshots that are here, so that those count which were made before there was a key; it asks first.",
            [
                new Positional("ACTION", "new, show or sign", Required: true, Choices: ["new", "show", "sign"]),
                new Positional("FILE", "the file of the private key; with show, a public key will do"),
            ],
            [Yes],
            [
                new("key new", "make a key"),
                new("key show", "print the public key and its fingerprint"),
                new("key sign", "vouch for the snapshots that are here"),
            ],
            Bindings.Key),
        new(
            "config",
            "check or show the configuration",
            "'config check' reads the configuration and names every error in it, and every place that the sandbox of the installed "
                + "service does not let it reach. 'config show' prints each value and where it came from: the file and its line, "
                + "the environment, an option, or the default. 'config sandbox' prints the addition to the service (a systemd "
                + "drop-in) that lets it reach all that the configuration names.",
            [new Positional("ACTION", "check, show or sandbox", Required: true, Choices: ["check", "show", "sandbox"])],
            [],
            [
                new("config check", "is it right?"),
                new("config show", "what is in force, and why"),
                new("config sandbox", "what to add to the service for other places than the usual ones"),
            ],
            Bindings.Configuration),
        new(
            "notify",
            "tell something on all configured channels",
            "Tells SUBJECT, and what it reads from standard input unless that is a terminal, on every channel that the configuration "
                + "names under 'notify', and says what became of it. It tries the channels out, and tells of what runs beside "
                + "backups. A healthcheck only notes it, unless --failure is given.",
            [new Positional("SUBJECT", "what to tell, in a line", Required: true)],
            [Failure],
            [new("notify test", "do messages arrive?")],
            Bindings.Notify),
        new(
            "help",
            "explain a command",
            "Explains a command, or without one lists them all.",
            [new Positional("COMMAND", "the command to explain")],
            [Man, Completion],
            [new("help restore", "all about restore")],
            Bindings.Help),
    ];

    /// <summary>The contract with scripts and units; help and man page repeat it.</summary>
    public static readonly IReadOnlyList<ExplainedCode> ExitCodes =
    [
        new(ExitCode.Done, "done"),
        new(ExitCode.Failed, "failed, unhealthy, or damage was found"),
        new(ExitCode.Usage, "wrong command line or configuration; nothing was done"),
        new(ExitCode.Partial, "done, but something could not be read or a source lost its content"),
        new(ExitCode.NoRepository, "there are no backups at the given place"),
        new(ExitCode.Locked, "another run is at work there"),
        new(ExitCode.Interrupted, "interrupted (SIGINT)"),
        new(ExitCode.Terminated, "told to stop (SIGTERM)"),
    ];

    /// <summary>Environment variables override the configuration file; options override both.</summary>
    public static readonly IReadOnlyList<Explained> EnvironmentVariables =
    [
        new("BACKUP_DIR", "the directory that holds the snapshots"),
        new("DATABASE_PATH", "the one database to save"),
        new("STORAGE_PATH", "the one file tree to save"),
        new("MAX_BACKUPS", "keep the newest N snapshots of each type"),
        new("TELEGRAM_BOT_TOKEN", "the token of the bot that tells how runs ended"),
        new("TELEGRAM_CHAT_ID", "the chat that it tells"),
        new("BACKUP_DATABASE_SCHEDULE", "when 'schedule' saves the databases, as a cron expression; so for STORAGE, FULL and ROTATION"),
        new("BACKUP_DATABASE_ENABLED", "whether it does, true or false; so for STORAGE, FULL and ROTATION"),
        new("VERTEX_AR_BACKUP_CONFIG", "the configuration file, like --config"),
    ];

    public static readonly IReadOnlyList<Explained> Places =
    [
        new("/etc/vertex-ar-backup/config.json", "the configuration, explained in vertex-ar-backup.json(5)"),
        new("/var/backups/vertex-ar", "the snapshots, unless the configuration names another place; RECOVERY.txt in it tells how to "
            + "get files back with tar, gzip and jq alone"),
        new("/etc/default/vertex-ar-backup", "environment of the service, if it exists"),
        new("/etc/vertex-ar-backup/rclone.conf", "rclone's configuration of the second place, if there is one"),
        new("/usr/lib/systemd/system/vertex-ar-backup.timer", "when backups are made"),
        new("/usr/lib/systemd/system/vertex-ar-backup.service", "how; 'systemctl edit' changes both"),
        new("/usr/share/doc/vertex-ar-backup", "operator's guide to the units, and the format of the snapshots"),
    ];

    public static CommandEntry? Find(string name) => Commands.FirstOrDefault(entry => entry.Name == name);

    /// <summary>The entry of that name, or the error that suggests another.</summary>
    public static CommandEntry Require(string name) => Find(name) ?? throw UserError.Usage(
        $"unknown command '{name}'{NearestWord.Suggestion(name, Commands.Select(entry => entry.Name))}",
        $"'{Program} help' lists the commands");
}
