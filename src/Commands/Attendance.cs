using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>What a run did, for whoever is told of it afterwards.</summary>
/// <param name="Code">What the process ends with.</param>
/// <param name="Describe">Fills in what there is to tell.</param>
internal sealed record RunEnd(ExitCode Code, Func<RunReport, RunReport>? Describe = null);

/// <summary>
/// Attends a run from its begin to its end, however it ends: hooks, the log file, what is remembered, who is told. Nothing that
/// goes wrong in here changes the result of the run, but a hook that is to prepare it and cannot.
/// </summary>
internal sealed class Attendance
{
    private const int WarningsTold = 5;

    private readonly Surroundings around;
    private readonly string job;
    private readonly string backupDirectory;
    private readonly string? metricsFile;
    private readonly SiteIdentity? site;
    private readonly DateTimeOffset startedAt;
    private readonly RunHooks hooks;
    private readonly RunTelling telling;
    private readonly Lock counting = new();
    private readonly List<string> warnings = [];
    private long warningCount;

    private Attendance(Surroundings around, string job, string backupDirectory, Settings? settings)
    {
        (this.around, this.job, this.backupDirectory) = (around, job, backupDirectory);
        metricsFile = settings?.MetricsFile;
        site = settings is null ? null : ThisSite.Of(settings);
        startedAt = around.Clock.GetUtcNow();
        RunLog.Begin(around, settings, job);
        hooks = new RunHooks(settings?.Hooks, job, backupDirectory, SettingsFile.Name(around.Options.ConfigFile, around.Environment), around.Deadline, line => Say(new Notice(Severity.Information, line)));
        telling = new RunTelling(around, settings?.Notify, job);
    }

    /// <summary>The same, for what works without a configuration: whom to tell is looked up, if that can be done.</summary>
    public static ExitCode Run(Surroundings around, string job, string backupDirectory, Func<RunProgress, RunEnd> work) =>
        Run(around, job, backupDirectory, work, around.SettingsIfGood());

    /// <summary>Runs <paramref name="work"/>, and all that is to happen before and after it.</summary>
    /// <param name="around">The outside world.</param>
    /// <param name="job">What runs, as <see cref="RunJob"/> names it.</param>
    /// <param name="backupDirectory">Where to remember how it ended.</param>
    /// <param name="work">Is given what to count into and to say things through.</param>
    /// <param name="settings">Whom to tell, and the rest that happens around a run; null if there are none to be had.</param>
    public static ExitCode Run(Surroundings around, string job, string backupDirectory, Func<RunProgress, RunEnd> work, Settings? settings)
    {
        var attendance = new Attendance(around, job, backupDirectory, settings);
        RunEnd end;
        try
        {
            attendance.telling.Begin();
            attendance.hooks.Before(around.Stop);
            end = work(new RunProgress(attendance.Say));
        }
        catch (UserError e)
        {
            attendance.Ended(new RunEnd(e.Code, report => report with { Error = e.Message, Hint = e.Hint }), e);
            throw;
        }
        catch (OperationCanceledException) when (around.Stop.IsCancellationRequested)
        {
            attendance.Ended(new RunEnd(around.StoppedBy(), report => report with { Error = "it was told to stop before it was done" }));
            throw;
        }
        catch (Exception e)
        {
            attendance.Ended(new RunEnd(ExitCode.Failed, report => report with { Error = UserError.FromSystem(e)?.Message ?? $"internal error: {e.Message}" }));
            throw;
        }

        attendance.Ended(end);
        return end.Code;
    }

    private static RunOutcome Outcome(ExitCode code) => code switch
    {
        ExitCode.Done => RunOutcome.Success,
        ExitCode.Partial => RunOutcome.Partial,
        ExitCode.Interrupted or ExitCode.Terminated => RunOutcome.Interrupted,
        _ => RunOutcome.Failure,
    };

    private void Say(Notice notice)
    {
        around.Screen.Log.Say(notice);
        if (notice.Severity <= Severity.Warning)
        {
            lock (counting)
            {
                warningCount++;
                if (warnings.Count < WarningsTold)
                {
                    warnings.Add(notice.Path is { } path ? $"{path}: {notice.Text}" : notice.Text);
                }
            }
        }
    }

    /// <param name="end">How it ended.</param>
    /// <param name="refusal">What was wrong with what was asked for, or with a place.</param>
    private void Ended(RunEnd end, UserError? refusal = null)
    {
        try
        {
            var report = Describe(end);
            report = end.Describe?.Invoke(report) ?? report;
            report = After(report with { Hint = report.Hint is { } hint ? around.Output.Offered.Complete(hint) : null });
            RunLog.End(around, job, $"{report.Outcome.Word()}, exit code {report.ExitCode}, after {Units.Duration(report.Took)}"
                + (report.Snapshot is null ? "" : $", snapshot {report.Snapshot}"));
            if (refusal is not { IsMisplaced: true } and not { IsMistyped: true })
            {
                Remember(report);
            }

            if (refusal is not { IsMistyped: true })
            {
                RunMetrics.Write(around, metricsFile, site, report);
            }

            telling.End(report);
        }
#pragma warning disable CA1031 // The run has ended, and well or not, that is its result.
        catch (Exception e)
#pragma warning restore CA1031
        {
            around.Screen.Log.Say(Severity.Warning, (e as UserError ?? UserError.FromSystem(e))?.Message ?? $"internal error after the end of the run: {e}");
        }
    }

    private RunReport Describe(RunEnd end) => new()
    {
        Job = job,
        Outcome = Outcome(end.Code),
        ExitCode = (int)end.Code,
        Host = System.Environment.MachineName,
        Tool = $"{CommandTable.Program} {VersionVerb.Version}",
        BackupDirectory = backupDirectory,
        StartedAt = startedAt,
        FinishedAt = around.Clock.GetUtcNow(),
        Warnings = warningCount,
        FirstWarnings = warnings,
    };

    /// <summary>The hooks after it; one that fails is a warning, which is told even where there were many before.</summary>
    private RunReport After(RunReport report)
    {
        if (hooks.After(report, around.Stop) is not { } problem)
        {
            return report;
        }

        around.Screen.Log.Say(Severity.Warning, problem);
        return report with { Warnings = report.Warnings + 1, FirstWarnings = [.. report.FirstWarnings, problem] };
    }

    /// <summary>Where there is no repository there is nothing to remember it in.</summary>
    private void Remember(RunReport report)
    {
        var layout = new Layout(backupDirectory);
        try
        {
            if (File.Exists(layout.Mark))
            {
                RunRecords.Add(layout, report);
            }
        }
        catch (PosixError e)
        {
            // Whoever verifies a copy that cannot be written to knows.
            var severity = e.Number is PosixError.ReadOnly or PosixError.AccessDenied ? Severity.Detail : Severity.Warning;
            around.Screen.Log.Say(severity, $"how this run ended cannot be remembered in {layout.Runs}: {e.Message}");
        }
    }
}
