using System.Globalization;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Remote;

/// <summary>How one run of rclone ended. The exit code is a hint: whether something was copied, only a listing tells.</summary>
internal sealed record RcloneEnd(int Code, string? Error);

/// <summary>
/// Runs rclone to its end: without a shell, in an environment that was chosen, with an eye on whether it gets on. It ends when
/// this program does: when that is told to stop, when it is killed (the kernel then tells it), when nothing goes on.
/// </summary>
internal sealed class RcloneChild(RemotePlace place, CancellationToken stop)
{
    private const int LongestLine = 256 * 1024;
    private const int MostSecondsToConnect = 60;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Lazy<string> program = new(() => ProgramFile.Find(place.Program, place.Environment.GetValueOrDefault("PATH")) ?? throw UserError.Failed(
        place.Program == "rclone" ? "rclone is not installed, which the second place needs" : $"the program {place.Program} cannot be run, which the second place needs",
        place.Program == "rclone" ? "sudo apt install rclone" : "it is named as offsite.rclone in the configuration"));

    /// <param name="words">The command and its arguments.</param>
    /// <param name="printed">Told each line of its output.</param>
    /// <param name="moved">Told of bytes that went over the line.</param>
    /// <param name="said">Told each line that it says beside.</param>
    /// <exception cref="UserError">It is not there, or nothing went on for too long.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public RcloneEnd Run(IReadOnlyList<string> words, Action<string>? printed = null, Action<long>? moved = null, Action<string>? said = null)
    {
        var seen = Environment.TickCount64;
        var log = new RcloneLog(moved ?? (_ => { }), Alive);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ChildEnd end;
        using (new Timer(_ => GiveUpIfStuck(), null, Look, Look))
        {
            end = ChildProcess.Run(Command(words), Options((Action<string>)log.Hear + said, printed, Alive), giveUp.Token);
        }

        stop.ThrowIfCancellationRequested();
        if (giveUp.IsCancellationRequested)
        {
            throw UserError.Failed(
                string.Create(CultureInfo.InvariantCulture, $"{place.Remote} did not get on for {place.Patience.TotalSeconds:0} seconds{Because(log)}"),
                "what was copied so far is found again; offsite.timeout_seconds is how long is waited");
        }

        return end.ExitCode is { } code
            ? new RcloneEnd(code, log.LastError ?? (code == 0 ? null : log.LastWords ?? $"rclone {end.Problem}"))
            : throw UserError.Failed($"rclone {end.Problem}");

        void Alive() => Volatile.Write(ref seen, Environment.TickCount64);

        void GiveUpIfStuck()
        {
            if (Environment.TickCount64 - Volatile.Read(ref seen) > place.Patience.TotalMilliseconds)
            {
                giveUp.Cancel();
            }
        }
    }

    private static string Because(RcloneLog log) => log.LastError is { } error ? $"; rclone says: {error}" : "";

    private ChildOptions Options(Action<string> said, Action<string>? printed, Action alive) => new()
    {
        Timeout = Timeout.InfiniteTimeSpan,
        Said = said,
        Printed = line =>
        {
            alive();
            printed?.Invoke(line);
        },
        LongestLine = LongestLine,
        Environment = place.Environment,
        IsEnvironmentChosen = true,
        LastWords = TimeSpan.FromSeconds(30),
    };

    /// <summary>Tied to this process: it would go on when that is killed, for hours.</summary>
    private IReadOnlyList<string> Command(IReadOnlyList<string> words)
    {
        // Idle for a third of the time, a connection is tried anew while there is patience left.
        var idle = Math.Max(2, (int)place.Patience.TotalSeconds / 3);
        List<string> command =
        [
            program.Value,
            "--config", place.ConfigFile ?? "", "--ask-password=false",
            "--retries", Text(place.Tries), "--low-level-retries", Text(place.Tries),
            "--contimeout", $"{Text(Math.Min(MostSecondsToConnect, idle))}s", "--timeout", $"{Text(idle)}s",
            "--use-json-log", "--stats", "1s", "--stats-log-level", "NOTICE",
        ];
        if (place.LimitMbPerS is { } limit)
        {
            command.AddRange(["--bwlimit", $"{Text(limit)}M"]);
        }

        // Last, so that what a command says of itself counts.
        return TiedChild.Tie([.. command, .. words]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
