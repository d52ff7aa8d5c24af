using System.Text;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Commands;

/// <summary><c>restore --continue</c> and <c>restore --undo</c>: what is to be done when a restore in place was killed.</summary>
internal static class RestoreRestVerb
{
    public static ExitCode Run(Surroundings around, RestoreRestCommand command)
    {
        using var journal = Choose(around, command);
        var word = command.Undo ? "restore --undo" : "restore --continue";
        RunLog.Begin(around, around.SettingsIfGood(quiet: true), word);
        var progress = around.NewProgress();
        using var alone = RestoreVerb.KeepRunsOut(around);
        if (command.Undo)
        {
            UnfinishedRestore.Undo(journal, progress);
        }
        else
        {
            UnfinishedRestore.Continue(journal, progress);
        }

        var text = journal.IsEmpty
            ? $"{UnfinishedRestore.Name(journal)} was killed before it changed anything; what it left is removed"
            : $"the restore of {journal.Head.What} is {(command.Undo ? "taken back" : "finished")}: {string.Join(", ", journal.Head.Targets)}";
        Report(around, command, journal, text);
        if (!command.Undo)
        {
            NotInPlace(journal).ToList().ForEach(path => around.Screen.Log.Say(Severity.Warning, $"{path} is what the snapshot has where something else had to stay"));
        }

        if (!command.Undo && journal.Outcome != RestoreOutcome.Whole)
        {
            around.Screen.Log.Say(Severity.Warning, "not all that it was asked for could be restored, or not as it was: what it said before it was killed holds");
        }

        RunLog.End(around, word, text);
        return command.Undo ? ExitCode.Done : journal.Outcome.Code();
    }

    /// <summary>The journals of everything that the configuration names; none where there is no good one.</summary>
    public static IReadOnlyList<string> Find(Config.Settings? settings) => settings is null
        ? []
        : UnfinishedRestore.Find(settings.Databases.Select(database => database.Path).Concat(settings.Storage.Select(tree => tree.Path)));

    /// <summary>Sources that a restore is replacing, or that a killed one left half replaced, by name, each with what to do.</summary>
    public static IReadOnlyList<PathWarning> HalfRestored(Config.Settings settings) =>
    [
        .. settings.Databases.Select(database => (database.Name, database.Path)).Concat(settings.Storage.Select(tree => (tree.Name, tree.Path)))
            .SelectMany(source => UnfinishedRestore.Find([source.Path]).Select(DescribeHalf).OfType<(string Text, string Advice)>()
                .Select(one => new PathWarning(source.Name, $"{one.Text}: {one.Advice}"))),
    ];

    /// <summary>What is to be said of an unfinished restore, also of one that changed nothing, and what to do about it; null if there is nothing to be said.</summary>
    public static (string Text, string Advice)? Describe(string path) => Describe(path, (journal, isRunning) =>
        isRunning ? null : journal.Stage switch
        {
            RestoreStage.Begun or RestoreStage.TakingBack => (UnfinishedRestore.Describe(journal), UnfinishedRestore.Advice(journal)),
            RestoreStage.Staging => ($"{UnfinishedRestore.Name(journal)} was killed before it changed anything, and left {journal.Path}", $"'{CommandTable.Program} restore --undo' removes what it left"),
            RestoreStage.Ended => null,
            _ => throw new NotSupportedException(journal.Stage.ToString()),
        });

    /// <summary>Only of one that may have changed something, or is about to.</summary>
    private static (string Text, string Advice)? DescribeHalf(string path) => Describe(path, (journal, isRunning) =>
        isRunning ? ($"a restore of {journal.Head.What} is running", "what is saved meanwhile may be half replaced; take another snapshot when it is done")
        : journal.Stage is RestoreStage.Begun or RestoreStage.TakingBack ? (UnfinishedRestore.Describe(journal), UnfinishedRestore.Advice(journal)) : null);

    private static (string Text, string Advice)? Describe(string path, Func<RestoreJournal, bool, (string Text, string Advice)?> describe)
    {
        try
        {
            using var journal = RestoreJournal.Open(path, out var isRunning);
            return journal is null ? null : describe(journal, isRunning);
        }
        catch (UserError e)
        {
            return e.InnerException is PosixError { Number: PosixError.AccessDenied }
                ? ($"a restore in place is running, or was killed: its journal {path} is not ours to read", $"sudo {CommandTable.Program} status")
                : (e.Message, e.Hint ?? $"sudo {CommandTable.Program} status");
        }
    }

    /// <summary>What could not take its place, under the names that it has.</summary>
    private static IEnumerable<string> NotInPlace(RestoreJournal journal) =>
        journal.Steps.Where(RestoreNames.IsNextTo).Select(step => Encoding.UTF8.GetString(((BringStep)step).Path));

    private static RestoreJournal Choose(Surroundings around, RestoreRestCommand command)
    {
        var found = Candidates(around, command.Place).Select(Open).OfType<RestoreJournal>().ToList();
        var journals = UnfinishedRestore.Distinct(found);
        found.Except(journals).ToList().ForEach(journal => journal.Dispose());
        switch (journals)
        {
            case [var only]:
                return only;
            case []:
                throw UserError.Failed(
                    $"no unfinished restore was found{(command.Place is { } place ? $" for {place}" : "")}",
                    command.Place is null ? "if one was killed, name a path that it was to replace" : null);
            default:
                journals.ForEach(journal => journal.Dispose());
                throw UserError.Usage(
                    $"there are {journals.Count} unfinished restores: {string.Join("; ", journals.Select(journal => journal.IsEmpty ? journal.Path : $"{journal.Head.Stamp} of {string.Join(", ", journal.Head.Targets)}"))}",
                    "name the time of the one that is meant");
        }
    }

    private static IEnumerable<string> Candidates(Surroundings around, string? place)
    {
        var configured = Find(around.SettingsIfGood(quiet: true));
        return place switch
        {
            null => configured,
            _ when !place.Contains('/', StringComparison.Ordinal) => configured.Where(path => path.Contains(place, StringComparison.Ordinal)),
            _ when place.EndsWith(RestoreNames.JournalSuffix, StringComparison.Ordinal) => [RealPath.Of(Path.GetFullPath(place))],
            _ => UnfinishedRestore.Find([Path.TrimEndingDirectorySeparator(Path.GetFullPath(place))]),
        };
    }

    private static RestoreJournal? Open(string path)
    {
        var journal = RestoreJournal.Open(path, out var isRunning);
        if (isRunning)
        {
            journal?.Dispose();
            throw new UserError(ExitCode.Locked, $"the restore with the journal {path} is still running", "wait until it is done");
        }

        return journal;
    }

    private static void Report(Surroundings around, RestoreRestCommand command, RestoreJournal journal, string text)
    {
        if (around.Output.Json)
        {
            around.Output.Record(command.Undo ? "restore_undone" : "restore_finished", json =>
            {
                json.WriteString("what", journal.Head.What);
                json.WriteItems("targets", journal.Head.Targets, (writer, target) => writer.WriteStringValue(target));
            });
        }
        else if (!around.Options.Quiet)
        {
            around.Output.Line(text);
            if (!command.Undo && journal.Steps.Count > 0)
            {
                around.Output.Line($"what was there before is kept under names with '.before_restore_{journal.Head.Stamp}'; delete it when all is well");
            }
        }
    }
}
