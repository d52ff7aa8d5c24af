using System.Globalization;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary>The hooks around one run, and the facts that each is given.</summary>
internal sealed class RunHooks(HooksSetting? hooks, string job, string backupDirectory, string configuration, StopDeadline deadline, Action<string> heard)
{
    // Undoing what another hook did may take longer than a command has after SIGTERM; systemd kills what is still there in a few minutes.
    private static readonly TimeSpan Stopped = TimeSpan.FromSeconds(60);

    /// <summary>More than a hook has to end in once its time is up.</summary>
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(20);

    /// <summary>Only runs that save something are prepared for.</summary>
    /// <exception cref="UserError">A command failed: the run must not begin.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public void Before(CancellationToken stop)
    {
        if (hooks is not null && RunJob.Saves(job) is not null)
        {
            var problem = Run("before_create", hooks.BeforeCreate, Facts(), stop);
            stop.ThrowIfCancellationRequested();
            if (problem is not null)
            {
                throw UserError.Failed($"{problem}; nothing was saved", "see what it said above; it is configured as hooks.before_create");
            }
        }
    }

    /// <summary>Returns what went wrong in here; null if nothing did.</summary>
    public string? After(RunReport run, CancellationToken stop) => hooks is null ? null
        : run.Outcome is not (RunOutcome.Success or RunOutcome.Partial) ? Run("on_failure", hooks.OnFailure, Facts().Concat(Facts(run)), stop)
        : RunJob.Saves(job) is not null ? Run("after_create", hooks.AfterCreate, Facts().Concat(Facts(run)), stop)
        : null;

    /// <summary>One that runs because of a stop is given a minute, unless a second signal comes.</summary>
    private string? Run(string name, IReadOnlyList<IReadOnlyList<string>> commands, IEnumerable<HookFact> facts, CancellationToken stop)
    {
        foreach (var command in commands)
        {
            if (ExposedFiles.Refusal(command, configuration) is { } refusal)
            {
                return $"the hook {name} failed: {command[0]} {refusal}";
            }
        }

        var time = TimeSpan.FromSeconds(hooks!.TimeoutSeconds);
        if (!stop.IsCancellationRequested || commands.Count == 0)
        {
            return new Hook(name, commands, time, hooks.PassEnvironment).Run(facts, heard, stop);
        }

        string? problem = null;
        time = time < Stopped ? time : Stopped;
        deadline.Allow(
            commands.Count * (time + ToEnd), () => problem = new Hook(name, commands, time, hooks.PassEnvironment).Run(facts, heard, deadline.Again));
        return problem;
    }

    private IEnumerable<HookFact> Facts() =>
        [new("JOB", job), new("TYPE", RunJob.Saves(job)?.Word() ?? ""), new("BACKUP_DIR", backupDirectory)];

    private static IEnumerable<HookFact> Facts(RunReport run) =>
    [
        new("OUTCOME", run.Outcome.Word()),
        new("EXIT_CODE", Number(run.ExitCode)),
        new("SNAPSHOT", run.Snapshot ?? ""),
        new("BYTES", Number(run.Bytes)),
        new("NEW_BYTES", Number(run.NewBytes)),
        new("DURATION_SECONDS", Number((long)run.Took.TotalSeconds)),
        new("WARNINGS", Number(run.Warnings)),
        new("ERROR", run.Error ?? ""),
    ];

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
