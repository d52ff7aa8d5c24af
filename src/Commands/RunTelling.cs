using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary>
/// Tells whoever is to be told how a run ended. Whom of people, the outcome decides; a healthcheck hears of each run that
/// saves something, since it raises the alarm about those it does not hear of.
/// </summary>
internal sealed class RunTelling
{
    private readonly Surroundings around;
    private readonly IReadOnlyList<RunOutcome> outcomes;
    private readonly List<IChannel> people = [];
    private readonly HealthcheckChannel? healthcheck;

    public RunTelling(Surroundings around, NotifySetting? notify, string job)
    {
        this.around = around;
        outcomes = notify?.On ?? [];
        foreach (var channel in notify is null ? [] : Channels.Open(around, notify))
        {
            if (channel is not HealthcheckChannel check)
            {
                people.Add(channel);
            }
            else if (RunJob.Saves(job) is not null)
            {
                healthcheck = check;
            }
        }
    }

    public void Begin() => healthcheck?.Start(PatienceLimits.Usual, around.Clock);

    /// <summary>Returns within half a minute, and after a stop within what is left of two seconds. One warning for each channel that could not be told.</summary>
    public void End(RunReport run)
    {
        var called = WantsToHear(run) ? people : [];
        List<IChannel> channels = healthcheck is null ? [.. called] : [.. called, healthcheck];
        if (channels.Count == 0)
        {
            return;
        }

        // What the run said is not kept waiting; and one that was told to stop tells that.
        around.Output.Flush();
        var stopped = around.Stop.IsCancellationRequested;
        var told = Telling.Tell(
            channels, RunMessage.Of(run, around.Output.Offered), stopped ? PatienceLimits.Within(around.Deadline.Left) : PatienceLimits.Usual, around.Clock,
            stopped ? around.Deadline.Again : around.Stop);
        foreach (var failed in told.Where(one => one.Problem is not null))
        {
            around.Screen.Log.Say(Severity.Warning, $"{failed.Channel} was not told how this ended: {failed.Problem}");
        }

        var heard = told.Where(one => one.Problem is null && one.Channel != healthcheck?.Name).Select(one => one.Channel).ToList();
        if (heard.Count > 0)
        {
            // The failure unit looks for these words (systemd/report-failure).
            around.Screen.Log.Say(Severity.Information, $"told how this ended: {string.Join(", ", heard)}");
        }
    }

    /// <summary>Whoever pressed Ctrl-C knows; an end by SIGTERM was not asked for by whoever reads messages.</summary>
    private bool WantsToHear(RunReport run) =>
        run.ExitCode != (int)ExitCode.Interrupted && outcomes.Contains(run.Outcome == RunOutcome.Interrupted ? RunOutcome.Failure : run.Outcome);
}
