using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>From checked arguments to one typed record a verb; here only what two arguments together cannot mean is refused.</summary>
internal static class Bindings
{
    public static Command Create(Arguments given)
    {
        var (word, option) = (given.Positional(0), given.Value(CommandTable.CreateType));
        if (word is not null && option is not null && word != option)
        {
            throw UserError.Usage($"'create' is told both '{word}' and '--type {option}'; name one type");
        }

        return new CreateCommand(
            SnapshotTypes.FromWord(word ?? option ?? "full") ?? SnapshotType.Full,
            given.Number(CommandTable.MaxBackups),
            given.Has(CommandTable.NoRotate),
            given.Has(CommandTable.Rescan),
            given.Has(CommandTable.DryRun),
            given.Has(CommandTable.NoOffsite),
            given.Has(CommandTable.AcceptShrink),
            given.Has(CommandTable.Moved));
    }

    public static Command List(Arguments given) => new ListCommand(TypeIn(given), OffsiteBindings.From(given));

    public static Command Show(Arguments given) =>
        new ShowCommand(given.Positionals[0], given.Has(CommandTable.Files), OffsiteBindings.From(given));

    public static Command Stats(Arguments given) => new StatsCommand();

    public static Command Restore(Arguments given)
    {
        var (finish, undo) = (given.Has(CommandTable.Continue), given.Has(CommandTable.Undo));
        return finish && undo ? throw UserError.Usage("'restore' is told both '--continue' and '--undo'; give one of them")
            : (finish || undo) && given.Has(CommandTable.DryRun) ? throw UserError.Usage("'--dry-run' does not go with '--continue' and '--undo', which do what was planned before", "'vertex-ar-backup status' says what was left half done")
            : finish || undo ? new RestoreRestCommand(undo, given.Positional(0))
            : RestoreSnapshot(given, given.Positional(0) ?? throw UserError.Usage(
                "'restore' needs ID: a snapshot's ID as 'list' shows it, or 'latest'; or a file of an old backup", "see 'vertex-ar-backup help restore'"));
    }

    private static void CheckPlaces(Arguments given)
    {
        var (asInSnapshot, allow) = (given.Has(CommandTable.AsInSnapshot), given.Values(CommandTable.Allow).Count > 0);
        if (asInSnapshot && given.Value(CommandTable.To) is not null)
        {
            throw UserError.Usage("'restore' is told both '--as-in-snapshot' and '--to'; give one of them");
        }

        if (given.Has(CommandTable.Moved) && given.Value(CommandTable.To) is not null)
        {
            throw UserError.Usage("'--moved' is for a restore in place; it does not go with '--to'");
        }

        if (asInSnapshot != allow)
        {
            throw UserError.Usage(
                asInSnapshot ? "'--as-in-snapshot' needs '--allow DIR', once for each directory that it may restore to" : "'--allow' goes with '--as-in-snapshot' only",
                "'vertex-ar-backup show ID' shows the places");
        }
    }

    private static RestoreCommand RestoreSnapshot(Arguments given, string id)
    {
        CheckPlaces(given);
        return new RestoreCommand(
            id,
            TypeIn(given),
            given.Value(CommandTable.Only) switch
            {
                "database" => SourceKind.Database,
                "storage" => SourceKind.Storage,
                _ => null,
            },
            given.Values(CommandTable.Path),
            given.Value(CommandTable.To),
            given.Has(CommandTable.Yes),
            given.Has(CommandTable.NoVerify),
            given.Has(CommandTable.KeepGoing),
            given.Has(CommandTable.DryRun),
            OffsiteBindings.From(given),
            given.Has(CommandTable.Damaged),
            given.Has(CommandTable.KeepSpecial),
            given.Has(CommandTable.AsInSnapshot),
            given.Values(CommandTable.Allow) is { Count: > 0 } allowed ? allowed : null,
            given.Has(CommandTable.RenameUnfit),
            given.Has(CommandTable.Moved));
    }

    public static Command Verify(Arguments given)
    {
        var id = given.Positional(0);
        return id is null || !given.Has(CommandTable.All)
            ? new VerifyCommand(id, given.Has(CommandTable.Deep))
            : throw UserError.Usage($"'verify' is told both '{id}' and '--all'; give one of them");
    }

    public static Command Drill(Arguments given) => new DrillCommand(given.Positional(0), given.Has(CommandTable.Moved));

    public static Command Import(Arguments given) => new ImportCommand(given.Positional(0), given.Has(CommandTable.DryRun), given.Has(CommandTable.Moved));

    public static Command Rotate(Arguments given) => new RotateCommand(
        given.Number(CommandTable.MaxBackups),
        given.Number(CommandTable.KeepDaily),
        given.Number(CommandTable.KeepWeekly),
        given.Number(CommandTable.KeepMonthly),
        given.Number(CommandTable.KeepYearly),
        given.Has(CommandTable.DryRun));

    public static Command Schedule(Arguments given)
    {
        var (print, job) = (given.Has(CommandTable.Print), given.Value(CommandTable.RunNow));
        return print && job is not null
            ? throw UserError.Usage("'schedule' is told both '--print' and '--run-now'; give one of them")
            : new ScheduleCommand(print, job is null ? null : ScheduledJobs.FromWord(job));
    }

    public static Command Offsite(Arguments given) => OffsiteBindings.Offsite(given);

    public static Command Status(Arguments given) => new StatusCommand();

    public static Command Doctor(Arguments given) => new DoctorCommand(given.Has(CommandTable.Notify));

    public static Command Configuration(Arguments given) => given.Positionals[0] switch
    {
        "check" => new ConfigCheckCommand(),
        "show" => new ConfigShowCommand(),
        _ => new ConfigSandboxCommand(),
    };

    public static Command Key(Arguments given)
    {
        var (action, file, yes) = (given.Positionals[0], given.Positional(1), given.Has(CommandTable.Yes));
        return action switch
        {
            _ when yes && action != "sign" => throw UserError.Usage($"option '--yes' is for 'key sign', not for 'key {action}'"),
            "new" => new KeyNewCommand(file),
            "show" => new KeyShowCommand(file),
            "sign" when file is not null => throw UserError.Usage($"'key sign' has no use for '{file}': it signs with the key that the configuration names"),
            "sign" => new KeySignCommand(yes),
            _ => throw new NotSupportedException(action),
        };
    }

    public static Command Notify(Arguments given) => new NotifyCommand(given.Positionals[0], given.Has(CommandTable.Failure));

    public static Command Help(Arguments given) =>
        given.Has(CommandTable.Man) ? new ManPageCommand()
        : given.Value(CommandTable.Completion) is { } shell ? new CompletionCommand(shell)
        : new HelpCommand(given.Positional(0) is { } topic ? CommandTable.Require(topic).Name : null);

    private static SnapshotType? TypeIn(Arguments given) =>
        given.Value(CommandTable.Type) is { } word ? SnapshotTypes.FromWord(word) : null;
}
