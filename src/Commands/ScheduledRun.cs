using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>
/// One run of a job, as a process of its own: when it crashes or memory runs out, the scheduler stays; what it needed is given
/// back; and it reads the configuration as it is then.
/// </summary>
internal sealed class ScheduledRun : IDisposable
{
    // An interrupted run ends within seconds, but for a hook or a message that is still under way. Shorter than a service's TimeoutStopSec=.
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan LongestTelling = TimeSpan.FromMinutes(1);

    /// <summary>As shells do, a signal that killed the job is added to this.</summary>
    private const int Signalled = 128;

    private readonly ManualResetEvent ended = new(false);
    private readonly Thread thread;

    private ScheduledRun(DueJob job, Func<ChildEnd> work, TimeProvider clock)
    {
        Job = job;
        var start = clock.GetTimestamp();
        thread = new Thread(() =>
        {
            End = work();
            Took = clock.GetElapsedTime(start);
            ended.Set();
        })
        { Name = "job" };
        thread.Start();
    }

    public DueJob Job { get; }

    /// <summary>Set once it has ended.</summary>
    public WaitHandle Ended => ended;

    /// <summary>How; only once it has ended.</summary>
    public ChildEnd End { get; private set; } = new(null, "is still running");

    public TimeSpan Took { get; private set; }

    /// <summary>Starts a job. It is told to end when the surroundings are.</summary>
    public static ScheduledRun Start(DueJob job, string program, Surroundings around) =>
        new(job, () => RunAndTell(job.Job, program, around), around.Clock);

    /// <summary>Runs a job to its end; it writes to where this program writes.</summary>
    public static ChildEnd Run(ScheduledJob job, string program, Surroundings around)
    {
        var options = new ChildOptions { Timeout = Timeout.InfiniteTimeSpan, KeepSecrets = true, GraceAtStop = Grace };
        return ChildProcess.Run([program, .. Words(job), .. Globals(around.Options)], options, around.Stop);
    }

    private static ChildEnd RunAndTell(ScheduledJob job, string program, Surroundings around)
    {
        var end = Run(job, program, around);
        if (end.ExitCode is > Signalled and not (int)ExitCode.Interrupted and not (int)ExitCode.Terminated && !around.Stop.IsCancellationRequested)
        {
            Tell($"the scheduled {string.Join(' ', Words(job))} {end.Problem}", program, around);
        }

        return end;
    }

    /// <summary>One that was killed could not tell of it itself. Where nobody is to be told, nothing more is said.</summary>
    private static void Tell(string what, string program, Surroundings around)
    {
        var problems = new List<string>();
        var options = new ChildOptions { Timeout = LongestTelling, KeepSecrets = true, Said = problems.Add };
        var end = ChildProcess.Run([program, "notify", "--failure", .. Globals(around.Options with { Json = false, Quiet = true }), what], options, around.Stop);
        if (end.ExitCode != (int)ExitCode.Usage && !end.Succeeded)
        {
            problems.ForEach(problem => around.Screen.Log.Say(Severity.Warning, problem));
        }
    }

    /// <summary>The command that a job is.</summary>
    public static string[] Words(ScheduledJob job) => job == ScheduledJob.Rotation ? ["rotate"] : ["create", job.Word()];

    public void Dispose()
    {
        thread.Join();
        ended.Dispose();
    }

    private static IEnumerable<string> Globals(GlobalOptions options)
    {
        (Option Option, string? Value)[] values = [(CommandTable.Config, options.ConfigFile), (CommandTable.BackupDir, options.BackupDir)];
        (Option Option, bool Set)[] flags =
        [
            (CommandTable.Json, options.Json),
            (CommandTable.Quiet, options.Quiet),
            (CommandTable.Verbose, options.Verbose),
            (CommandTable.NoProgress, options.NoProgress),
        ];
        return
        [
            .. values.Where(value => value.Value is not null).Select(value => $"{value.Option.Name}={value.Value}"),
            .. flags.Where(flag => flag.Set).Select(flag => flag.Option.Name),
        ];
    }
}
