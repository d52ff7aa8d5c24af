using System.Globalization;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>What is said of the schedule and of its runs. Times are local, with their distance from UTC.</summary>
internal sealed class ScheduleReport(Surroundings around, Settings settings)
{
    private const string Program = CommandTable.Program;

    private readonly TimeZoneInfo zone = around.Clock.LocalTimeZone;

    private Output Output => around.Output;

    /// <summary>The schedule, to standard output.</summary>
    public void Print(SchedulePlan plan)
    {
        var upcoming = plan.Upcoming(around.Clock.GetUtcNow());
        if (Output.Json)
        {
            foreach (var setting in settings.Schedule)
            {
                Record(setting, upcoming);
            }
        }
        else
        {
            var table = new Table([new("JOB"), new("SCHEDULE"), new("NEXT RUN")]);
            foreach (var setting in settings.Schedule)
            {
                table.Add(setting.Job.Word(), setting.Enabled ? setting.Expression : "", Next(setting, upcoming));
            }

            table.Print(Output);
            Output.Line($"times are those of {zone.Id}");
        }

        Output.Flush();
    }

    /// <summary>What a look at the clock brought that somebody might wonder about.</summary>
    public void Say(ScheduleNews news)
    {
        if (news.SetBack > SchedulePlan.Grace)
        {
            Say(Severity.Warning, $"the clock was set back by {Units.Duration(news.SetBack)}; what ran before is not run again for the same time");
        }

        foreach (var missed in news.Missed)
        {
            var more = missed.Count == 1 ? "" : $" and {(missed.Count == MissedJob.Counted ? "at least " : "")}{Units.Count(missed.Count - 1, "later time")}";
            Say(Severity.Warning, $"{missed.Job.Word()} was due {At(missed.First)}{more}, which was missed by more than {Units.Duration(SchedulePlan.Grace)}: skipped");
        }

        foreach (var covered in news.Covered)
        {
            Say(Severity.Information, $"{covered.Job.Word()} is due {At(covered.Due)}; the full backup of the same minute covers it");
        }

        foreach (var merged in news.Merged)
        {
            Say(Severity.Information, $"{merged.Job.Word()} is due {At(merged.Due)}; it runs once for this and another time");
        }
    }

    public void Starts(DueJob job) => Say(Severity.Information, $"{job.Job.Word()} starts, due {At(job.Due)}");

    public void Ended(ScheduledRun run, bool stopping)
    {
        var (job, took, code) = (run.Job.Job.Word(), Units.Duration(run.Took), run.End.ExitCode);
        var (severity, text) = (ExitCode?)code switch
        {
            ExitCode.Done => (Severity.Information, $"{job} is done, after {took}"),
            ExitCode.Partial => (Severity.Warning, $"{job} is done, after {took}, but something could not be read or was lost (exit code 3)"),
            _ when stopping => (Severity.Information, $"{job} was stopped after {took}; its next run goes on"),
            _ => (Severity.Error, $"{job} failed after {took}: '{Program} {string.Join(' ', ScheduledRun.Words(run.Job.Job))}' {run.End.Problem}"),
        };
        Say(severity, text);
        if (Output.Json)
        {
            Output.Record("scheduled_run", json =>
            {
                json.WriteString("job", job);
                json.WriteString("due", Local(run.Job.Due));
                json.WriteNumber("seconds", Math.Round(run.Took.TotalSeconds, 3));
                if (code is { } number)
                {
                    json.WriteNumber("exit_code", number);
                }
            });
            Output.Flush();
        }
    }

    /// <summary>What runs, or what runs next, in a line.</summary>
    public string Status(SchedulePlan plan, DueJob? running)
    {
        var upcoming = plan.Upcoming(around.Clock.GetUtcNow());
        return running is not null ? $"running {running.Job.Word()}, due {At(running.Due)}"
            : upcoming.FirstOrDefault(job => !SchedulePlan.IsCovered(job, upcoming)) is { } next ? $"next: {next.Job.Word()}, {At(next.Due)}"
            : "nothing is due any more";
    }

    public void Say(Severity severity, string text) => around.Screen.Log.Say(severity, text);

    private string Next(JobSchedule setting, IReadOnlyList<DueJob> upcoming) =>
        !setting.Enabled ? "off"
        : upcoming.FirstOrDefault(job => job.Job == setting.Job) is not { } next ? "never"
        : SchedulePlan.IsCovered(next, upcoming) ? $"{At(next.Due)}, covered by full"
        : At(next.Due);

    private void Record(JobSchedule setting, IReadOnlyList<DueJob> upcoming) => Output.Record("scheduled_job", json =>
    {
        json.WriteString("job", setting.Job.Word());
        json.WriteBoolean("enabled", setting.Enabled);
        json.WriteString("expression", setting.Expression);
        json.WriteString("origin", setting.Origin);
        if (upcoming.FirstOrDefault(job => job.Job == setting.Job) is { } next)
        {
            json.WriteString("next_run", Local(next.Due));
            json.WriteBoolean("covered", SchedulePlan.IsCovered(next, upcoming));
        }
    });

    private string At(DateTimeOffset time) => Local(time).ToString("ddd yyyy-MM-dd HH:mm zzz", CultureInfo.InvariantCulture);

    private DateTimeOffset Local(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, zone);
}
