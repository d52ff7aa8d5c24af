using System.Globalization;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary>What people are told of a run: on which host what ended how, with the figures, and what to do.</summary>
internal static class RunMessage
{
    // A path may be as long as a page; a chat takes one.
    private const int LongestError = 1500;
    private const int LongestWarning = 300;

    /// <param name="run">What happened.</param>
    /// <param name="offered">Completes the commands that the message offers.</param>
    public static Message Of(RunReport run, OfferedCommands? offered = null)
    {
        var what = run.Job.Replace('-', ' ');
        return new Message(
            run.Host, run.Tool, $"{CommandTable.Program} on {run.Host}: {what} {Ended(run)}",
            string.Join('\n', Lines(run, offered ?? new OfferedCommands()).Select(Printable.Escape)), Sign(run), run);
    }

    /// <summary>Partial counts as failed, as it does for the service: what could not be read is missing until somebody looks.</summary>
    private static HealthSign Sign(RunReport run) => run.Outcome == RunOutcome.Success ? HealthSign.Success : HealthSign.Failure;

    private static string Ended(RunReport run) => run.Outcome switch
    {
        RunOutcome.Success => "succeeded",
        RunOutcome.Partial when run.LostContent.Count > 0 => run.Snapshot is null ? "is held" : "found that a source lost its content",
        RunOutcome.Partial when run.Error is not null => "saved a snapshot, and found damage in earlier ones",
        RunOutcome.Partial => "saved a partial snapshot",
        RunOutcome.Interrupted => "was stopped",
        _ => "failed",
    };

    private static IEnumerable<string> Lines(RunReport run, OfferedCommands offered)
    {
        if (run.Error is { } error)
        {
            yield return $"Error: {Cut(error.ReplaceLineEndings("; "), LongestError)}";
        }

        if (Advice(run) is { } advice)
        {
            yield return $"What to do: {Cut(offered.Complete(advice).ReplaceLineEndings("; "), LongestError)}";
        }

        if (run.Snapshot is not null || run.Bytes is not null)
        {
            yield return Figures(run);
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"Took {Units.Duration(run.Took)}, ended {run.FinishedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss zzz}, exit code {run.ExitCode}");
        yield return $"Backups: {run.BackupDirectory}";
        if (run.Warnings > 0)
        {
            yield return $"{Units.Count(run.Warnings, "warning")}:";
            foreach (var warning in run.FirstWarnings)
            {
                yield return $"- {Cut(warning.ReplaceLineEndings("; "), LongestWarning)}";
            }

            if (run.Warnings > run.FirstWarnings.Count)
            {
                yield return "- …";
            }
        }
    }

    private static string? Advice(RunReport run) => run switch
    {
        { Hint: { } hint } => hint,
        { Outcome: RunOutcome.Partial, Snapshot: { } id } => $"see what is missing: {CommandTable.Program} show {id}",
        { Outcome: RunOutcome.Failure } => $"do what the error says, then run it again; all that was said: journalctl -t {CommandTable.Program}",
        { Outcome: RunOutcome.Interrupted } => "nothing need be done: the next run continues",
        _ => null,
    };

    private static string Figures(RunReport run)
    {
        var parts = new List<string> { run.Snapshot is { } id ? $"Snapshot {id}" : "All snapshots" };
        if (run.Files is { } files)
        {
            parts.Add(Units.Count(files, "file"));
        }

        if (run.Bytes is { } bytes)
        {
            parts.Add(Units.Size(bytes));
        }

        if (run.NewBytes is { } fresh)
        {
            parts.Add($"new {Units.Size(fresh)}");
        }

        if (run.StoredBytes is { } stored)
        {
            parts.Add($"stored as {Units.Size(stored)}");
        }

        return string.Join(", ", parts);
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length), "…");
}
