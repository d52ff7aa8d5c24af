namespace VertexAr.Backup.Core;

/// <summary>
/// Ends this process soon after it was asked to stop, even if it still waits: a read from a file system that does not answer, or a write
/// to a full pipe, ends in no other way. That is as safe as a kill, after which all that was saved is intact.
/// </summary>
/// <param name="say">Says why it ends; may hang as everything else.</param>
/// <param name="end">Ends the process.</param>
#pragma warning disable CA1001 // It is there until the process ends; what waits for the token holds nothing that must be given back.
internal sealed class StopDeadline(Action say, Action end)
#pragma warning restore CA1001
{
    private static readonly TimeSpan ToSay = TimeSpan.FromMilliseconds(150);

    private readonly Lock guard = new();
    private readonly CancellationTokenSource again = new();
    private long due;

    /// <summary>What a command usually has from the signal to its end; with <see cref="ToSay"/> less than two seconds.</summary>
    public static TimeSpan Usual { get; } = TimeSpan.FromMilliseconds(1400);

    /// <summary>Cancelled by a second signal: not even what follows a stop is waited for then.</summary>
    public CancellationToken Again => again.Token;

    /// <summary>Until it ends the process; zero if it was not started.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (guard)
            {
                return due == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, due - Environment.TickCount64));
            }
        }
    }

    /// <summary>At a signal. A second one takes back what was allowed meanwhile.</summary>
    public void Start()
    {
        bool first;
        lock (guard)
        {
            first = due == 0;
            due = After(Usual);
        }

        if (first)
        {
            Run(Watch);
        }
        else
        {
            again.Cancel();
        }
    }

    /// <summary>Does what follows a stop and may take longer, after which the usual time begins once more.</summary>
    public void Allow(TimeSpan time, Action work)
    {
        Set(time);
        work();
        Set(Usual);
    }

    private static void Run(Action body) => new Thread(() => body(), 256 * 1024) { IsBackground = true, Name = "deadline" }.Start();

    private static long After(TimeSpan time) => Environment.TickCount64 + (long)time.TotalMilliseconds;

    private void Set(TimeSpan time)
    {
        lock (guard)
        {
            if (due != 0 && !again.IsCancellationRequested)
            {
                due = After(time);
            }
        }
    }

    private void Watch()
    {
        while (Left is { Ticks: > 0 } left)
        {
            Thread.Sleep(left < TimeSpan.FromMilliseconds(100) ? left : TimeSpan.FromMilliseconds(100));
        }

        Run(say);
        Thread.Sleep(ToSay);
        end();
    }
}
