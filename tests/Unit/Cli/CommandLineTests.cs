using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Cli;

public sealed class CommandLineTests
{
    private static readonly CreateCommand Full = new(SnapshotType.Full, null, false, false, false);
    private static readonly RestoreCommand Latest = new("latest", null, null, [], null, false, false, false, false);
    private static readonly RotateCommand Configured = new(null, null, null, null, null, false);

    private static readonly OffsitePlace AsConfigured = new(null, null);

    public static TheoryData<string, object> Commands() => new()
    {
        { "create", Full },
        { "create full", Full },
        { "create --type full", Full },
        { "create full --type full", Full },
        { "create database", Full with { Type = SnapshotType.Database } },
        { "create --type=storage", Full with { Type = SnapshotType.Storage } },
        { "create --max-backups 3", Full with { MaxBackups = 3 } },
        { "create --no-rotate --rescan --dry-run", Full with { NoRotate = true, Rescan = true, DryRun = true } },
        { "create --type database --type database", Full with { Type = SnapshotType.Database } },
        { "list", new ListCommand(null) },
        { "list --type database", new ListCommand(SnapshotType.Database) },
        { "show latest", new ShowCommand("latest", false) },
        { "show 20261123T020000Z --files", new ShowCommand("20261123T020000Z", true) },
        { "show -- --files", new ShowCommand("--files", false) },
        { "stats", new StatsCommand() },
        { "restore latest --type storage", Latest with { Type = SnapshotType.Storage } },
        { "restore latest --only database", Latest with { Only = SourceKind.Database } },
        { "restore latest --only storage", Latest with { Only = SourceKind.Storage } },
        { "restore latest --to /tmp/x --yes", Latest with { To = "/tmp/x", Yes = true } },
        { "restore latest --to=--odd", Latest with { To = "--odd" } },
        { "restore latest --to -", Latest with { To = "-" } },
        { "restore --no-verify --keep-going --dry-run latest", Latest with { NoVerify = true, KeepGoing = true, DryRun = true } },
        { "restore --rename-unfit latest", Latest with { RenameUnfit = true } },
        { "restore latest --moved", Latest with { Moved = true } },
        { "restore latest --damaged", Latest with { Damaged = true } },
        { "verify", new VerifyCommand(null, false) },
        { "verify --all --deep", new VerifyCommand(null, true) },
        { "verify latest", new VerifyCommand("latest", false) },
        { "rotate", Configured },
        { "rotate --max-backups 1 --keep-daily 0", Configured with { MaxBackups = 1, KeepDaily = 0 } },
        { "rotate --keep-weekly 4 --keep-monthly 12 --dry-run", Configured with { KeepWeekly = 4, KeepMonthly = 12, DryRun = true } },
        { "rotate --keep-yearly 10", Configured with { KeepYearly = 10 } },
        { "schedule", new ScheduleCommand(false, null) },
        { "schedule --print", new ScheduleCommand(true, null) },
        { "schedule --run-now rotation", new ScheduleCommand(false, ScheduledJob.Rotation) },
        { "create --no-offsite", Full with { NoOffsite = true } },
        { "list --from-offsite", new ListCommand(null, AsConfigured) },
        { "show latest --from-offsite --remote s3:b --rclone-config /r", new ShowCommand("latest", false, new OffsitePlace("s3:b", "/r")) },
        { "restore latest --from-offsite", Latest with { From = AsConfigured } },
        { "offsite push --dry-run", new OffsitePushCommand(AsConfigured, true) },
        { "offsite push --moved", new OffsitePushCommand(AsConfigured, false, Moved: true) },
        { "drill --moved", new DrillCommand(null, Moved: true) },
        { "offsite pull", new OffsitePullCommand(AsConfigured, null) },
        { "offsite pull latest --remote box:", new OffsitePullCommand(new OffsitePlace("box:", null), "latest") },
        { "offsite status", new OffsiteStatusCommand(AsConfigured) },
        { "offsite verify", new OffsiteVerifyCommand(AsConfigured, null, 0) },
        { "offsite verify latest --deep", new OffsiteVerifyCommand(AsConfigured, "latest", 100) },
        { "offsite verify --sample 5", new OffsiteVerifyCommand(AsConfigured, null, 5) },
        { "config check", new ConfigCheckCommand() },
        { "config show", new ConfigShowCommand() },
        { "notify hello", new NotifyCommand("hello", false) },
        { "notify --failure hello", new NotifyCommand("hello", true) },
        { "help", new HelpCommand(null) },
        { "help restore", new HelpCommand("restore") },
        { "help restore --help", new HelpCommand("restore") },
        { "--help", new HelpCommand(null) },
        { "-h", new HelpCommand(null) },
        { "restore --help", new HelpCommand("restore") },
        { "config check -h", new HelpCommand("config") },
        { "--version", new VersionCommand() },
        { "-V", new VersionCommand() },
        { "create --version", new VersionCommand() },
        { "", new HelpCommand(null, Asked: false) },
        { "--json", new HelpCommand(null, Asked: false) },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void Words_become_a_command(string line, object expected)
    {
        var command = Parse(line).Command;

        Assert.IsType(expected.GetType(), command);
        Assert.Equivalent(expected, command, strict: true);
    }

    [Fact]
    public void Repeated_paths_accumulate_in_order()
    {
        var restore = Assert.IsType<RestoreCommand>(Parse("restore latest --path a/* --path=b --path a/*").Command);

        Assert.Equal(["a/*", "b", "a/*"], restore.Paths);
    }

    public static TheoryData<string, object> Globals() => new()
    {
        { "list", new GlobalOptions() },
        { "--json list", new GlobalOptions(Json: true) },
        { "list --json", new GlobalOptions(Json: true) },
        { "--config /c.json list --backup-dir=/b", new GlobalOptions("/c.json", "/b") },
        { "-q list", new GlobalOptions(Quiet: true) },
        { "list -v --no-progress", new GlobalOptions(Verbose: true, NoProgress: true) },
        { "--quiet list -q", new GlobalOptions(Quiet: true) },
    };

    [Theory]
    [MemberData(nameof(Globals))]
    public void Global_options_stand_before_or_after_the_command(string line, object expected) => Assert.Equal(expected, Parse(line).Options);

    [Theory]
    [InlineData("lst", "unknown command 'lst'; did you mean 'list'?")]
    [InlineData("frobnicate", "unknown command 'frobnicate'")]
    [InlineData("help lst", "unknown command 'lst'; did you mean 'list'?")]
    [InlineData("list --jsn", "unknown option '--jsn' for 'list'; did you mean '--json'?")]
    [InlineData("list -x", "unknown option '-x' for 'list'")]
    [InlineData("--jsn list", "unknown option '--jsn'; did you mean '--json'?")]
    [InlineData("--frob=1", "unknown option '--frob'")]
    [InlineData("--rescan create", "option '--rescan' must follow its command, 'create'")]
    [InlineData("list --files", "option '--files' is for 'show', not for 'list'")]
    [InlineData("list --dry-run", "option '--dry-run' is for 'create', 'restore', 'rotate', 'import' or 'offsite', not for 'list'")]
    [InlineData("list --type", "option '--type' needs a value: database, storage or full")]
    [InlineData("list --type --json", "option '--type' needs a value: database, storage or full")]
    [InlineData("list --config -q", "option '--config' needs a value: FILE")]
    [InlineData("list --config=", "option '--config' needs a value that is not empty: FILE")]
    [InlineData("list --json=yes", "option '--json' takes no value, but is given 'yes'")]
    [InlineData("list --type ful", "option '--type' cannot be 'ful'; it must be database, storage or full; did you mean 'full'?")]
    [InlineData("list --type full --type database", "option '--type' is given twice, as 'full' and as 'database'")]
    [InlineData("create --max-backups seven", "option '--max-backups' cannot be 'seven'; it must be a whole number of 1 or more")]
    [InlineData("create --max-backups 0", "option '--max-backups' cannot be '0'; it must be a whole number of 1 or more")]
    [InlineData("create --max-backups -3", "option '--max-backups' cannot be '-3'; it must be a whole number of 1 or more")]
    [InlineData("create --max-backups 1.5", "option '--max-backups' cannot be '1.5'; it must be a whole number of 1 or more")]
    [InlineData("create --max-backups 99999999999", "option '--max-backups' cannot be '99999999999'; it must be a whole number of 1 or more")]
    [InlineData("rotate --keep-daily -1", "option '--keep-daily' cannot be '-1'; it must be a whole number of 0 or more")]
    [InlineData("create database --type storage", "'create' is told both 'database' and '--type storage'; name one type")]
    [InlineData("create ful", "TYPE of 'create' cannot be 'ful'; it must be database, storage or full; did you mean 'full'?")]
    [InlineData("create full storage", "'create' has no use for 'storage'")]
    [InlineData("list all", "'list' has no use for 'all'")]
    [InlineData("show", "'show' needs ID: a snapshot's ID as 'list' shows it, or 'latest'; or a file of an old backup")]
    [InlineData("restore --yes", "'restore' needs ID: a snapshot's ID as 'list' shows it, or 'latest'; or a file of an old backup")]
    [InlineData("restore latest --only full", "option '--only' cannot be 'full'; it must be database or storage")]
    [InlineData("config", "'config' needs ACTION: check, show or sandbox")]
    [InlineData("config shwo", "ACTION of 'config' cannot be 'shwo'; it must be check, show or sandbox; did you mean 'show'?")]
    [InlineData("verify latest --all", "'verify' is told both 'latest' and '--all'; give one of them")]
    [InlineData("schedule --run-now ful", "option '--run-now' cannot be 'ful'; it must be database, storage, full or rotation; did you mean 'full'?")]
    [InlineData("schedule --print --run-now full", "'schedule' is told both '--print' and '--run-now'; give one of them")]
    [InlineData("offsite", "'offsite' needs ACTION: push, pull, status or verify")]
    [InlineData("offsite push latest", "'offsite push' has no use for 'latest': it is about all snapshots")]
    [InlineData("offsite pull --deep", "option '--deep' is for 'offsite verify', not for 'offsite pull'")]
    [InlineData("offsite status --dry-run", "option '--dry-run' is for 'offsite push', not for 'offsite status'")]
    [InlineData("offsite verify --deep --sample 5", "'offsite verify' is told both '--deep' and '--sample'; give one of them")]
    [InlineData("offsite verify --sample 101", "option '--sample' cannot be '101'; it must be a whole number from 1 to 100")]
    [InlineData("list --remote box:", "'--remote' says which second place; add '--from-offsite' to take anything from there")]
    [InlineData("list -q -v", "'--quiet' and '--verbose' contradict each other; give one of them")]
    public void A_wrong_line_is_explained(string line, string message)
    {
        var error = Assert.Throws<UserError>(() => Parse(line));

        Assert.Equal(message, error.Message);
        Assert.Equal(ExitCode.Usage, error.Code);
    }

    [Fact]
    public void An_empty_word_is_no_snapshot() =>
        Assert.Equal(
            "ID of 'show' cannot be ''; it must not be empty",
            Assert.Throws<UserError>(() => CommandLine.Parse(["show", ""])).Message);

    [Fact]
    public void A_usage_error_points_to_the_commands_help() =>
        Assert.Equal(
            "'vertex-ar-backup help list' lists what is accepted",
            Assert.Throws<UserError>(() => Parse("list --jsn")).Hint);

    private static (GlobalOptions Options, Command Command) Parse(string line) =>
        CommandLine.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
