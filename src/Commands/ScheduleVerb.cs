using System.Runtime.InteropServices;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary><c>schedule</c>: runs the configured jobs at their times, one at a time, until it is told to stop.</summary>
internal sealed class ScheduleVerb
{
    /// <summary>SIGUSR1, which .NET knows by its number only.</summary>
    private const PosixSignal Ask = (PosixSignal)10;

    // Timers stand still while the machine is suspended, and do not hear that the clock was set: never long at a time.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private readonly Surroundings around;
    private readonly ServiceManager? manager;
    private readonly ScheduleReport report;
    private readonly SchedulePlan plan;

    // Asked for at the start: when an upgrade puts a new program in its place, the next job runs that.
    private readonly string program = ThisProgram;
    private string status = "";
    private ScheduledRun? running;

    private ScheduleVerb(Surroundings around, ServiceManager? manager, ScheduleReport report, SchedulePlan plan) =>
        (this.around, this.manager, this.report, this.plan) = (around, manager, report, plan);

    private static string ThisProgram => System.Environment.ProcessPath ?? "/proc/self/exe";

    public static ExitCode Run(Surroundings around, ScheduleCommand command)
    {
        if (command.RunNow is { } job)
        {
            return RunNow(around, job);
        }

        var settings = around.LoadSettings();
        var jobs = ScheduleReading.Read(settings, around.Clock);
        ScheduleReading.CheckZone(around);
        var plan = new SchedulePlan(jobs, around.Clock.LocalTimeZone, around.Clock.GetUtcNow());
        var report = new ScheduleReport(around, settings);
        if (command.Print || !around.Options.Quiet)
        {
            report.Print(plan);
        }

        return command.Print ? ExitCode.Done : new ScheduleVerb(around, ServiceManager.Find(around.Environment), report, plan).Follow();
    }

    private static ExitCode RunNow(Surroundings around, ScheduledJob job)
    {
        var end = ScheduledRun.Run(job, ThisProgram, around);
        return end.ExitCode is { } code
            ? (ExitCode)code
            : throw UserError.Failed($"'{ThisProgram}', which is this program, {end.Problem}");
    }

    private ExitCode Follow()
    {
        using var asked = new AutoResetEvent(false);
        using var ask = PosixSignalRegistration.Create(Ask, context =>
        {
            context.Cancel = true;
            asked.Set();
        });
        manager?.Ready();
        while (!around.Stop.IsCancellationRequested)
        {
            var now = around.Clock.GetUtcNow();
            report.Say(plan.Look(now));
            StartNext();
            TellStatus();
            WaitHandle[] events = running is null ? [asked, around.Stop.WaitHandle] : [asked, around.Stop.WaitHandle, running.Ended];
            switch (WaitHandle.WaitAny(events, Wait(now)))
            {
                case 0:
                    Answer();
                    break;
                case 2:
                    EndRun(stopping: false);
                    break;
                default:
                    break; // Look again.
            }
        }

        manager?.Stopping();
        around.Deadline.Allow(ScheduledRun.Grace + StopDeadline.Usual, () => EndRun(stopping: true));
        return ExitCode.Done;
    }

    private void StartNext()
    {
        if (running is null && plan.TakeNext() is { } job)
        {
            report.Starts(job);
            around.Output.Flush();
            running = ScheduledRun.Start(job, program, around);
        }
    }

    private void EndRun(bool stopping)
    {
        if (running is { } run)
        {
            if (stopping)
            {
                report.Say(Severity.Information, $"told to stop; {run.Job.Job.Word()} is told to");
            }

            run.Dispose();
            report.Ended(run, stopping);
            running = null;
        }
    }

    private void Answer()
    {
        report.Print(plan);
        report.Say(Severity.Information, report.Status(plan, running?.Job));
    }

    private void TellStatus()
    {
        var now = report.Status(plan, running?.Job);
        if (now != status)
        {
            manager?.Status(status = now);
        }
    }

    /// <summary>Until the first time that is due after the last look, as far as that can be waited for at once.</summary>
    private TimeSpan Wait(DateTimeOffset looked)
    {
        var next = plan.Upcoming(looked) is [var first, ..] ? first.Due - around.Clock.GetUtcNow() : LongestWait;
        // A timer may be ahead of the clock: a little more than nothing.
        return TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(next.TotalMilliseconds), 1, LongestWait.TotalMilliseconds));
    }
}
