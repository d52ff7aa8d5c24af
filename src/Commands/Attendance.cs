using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>What a run did, for whoever is told of it afterwards.</summary>
/// <param name="Code">What the process ends with.</param>
/// <param name="Describe">Fills in what there is to tell.</param>
internal sealed record RunEnd(ExitCode Code, Func<RunReport, RunReport>? Describe = null);

/// <summary>
/// Attends a run from its begin to its end, and tells the world around it how it ended, however it ended. Nothing that goes
/// wrong in here changes the result of the run.
/// </summary>
internal sealed class Attendance
{
    private const int WarningsTold = 5;

    private readonly Surroundings around;
    private readonly string job;
    private readonly string backupDirectory;
    private readonly DateTimeOffset startedAt;
    private readonly Lock counting = new();
    private readonly List<string> warnings = [];
    private long warningCount;

    private Attendance(Surroundings around, string job, string backupDirectory)
    {
        (this.around, this.job, this.backupDirectory) = (around, job, backupDirectory);
        startedAt = around.Clock.GetUtcNow();
    }

    /// <summary>Runs <paramref name="work"/>, which is given what to count into and to say things through.</summary>
    public static ExitCode Run(Surroundings around, string job, string backupDirectory, Func<RunProgress, RunEnd> work)
    {
        var attendance = new Attendance(around, job, backupDirectory);
        try
        {
            var end = work(new RunProgress(attendance.Say));
            attendance.Ended(end);
            return end.Code;
        }
        catch (UserError e)
        {
            attendance.Ended(new RunEnd(e.Code, report => report with { Error = e.Message, Hint = e.Hint }));
            throw;
        }
        catch (OperationCanceledException) when (around.Stop.IsCancellationRequested)
        {
            attendance.Ended(new RunEnd(ExitCode.Terminated, report => report with { Error = "it was told to stop before it was done" }));
            throw;
        }
        catch (Exception e)
        {
            attendance.Ended(new RunEnd(ExitCode.Failed, report => report with { Error = $"internal error: {e.Message}" }));
            throw;
        }
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

    private void Ended(RunEnd end)
    {
        var report = new RunReport
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
        Remember(end.Describe?.Invoke(report) ?? report);
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
