namespace VertexAr.Backup.Host;

/// <summary>How long a channel is tried for.</summary>
internal sealed record PatienceLimits
{
    public static readonly PatienceLimits Usual = new();

    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(300);

    /// <summary>One try.</summary>
    public TimeSpan Try { get; init; } = TimeSpan.FromSeconds(10);

    public int Tries { get; init; } = 3;

    /// <summary>Before the second try; each later pause is three times the one before.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>All tries and pauses.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>What has not ended this long after its time is left behind: looking up a name cannot be stopped.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>One try, which ends a little before the time does.</summary>
    public static PatienceLimits Within(TimeSpan time)
    {
        var most = time > Margin ? time - Margin : TimeSpan.Zero;
        return new PatienceLimits { Try = most, Tries = 1, Total = most, Grace = TimeSpan.Zero };
    }
}

/// <summary>The time that is left to tell something in. It begins to run when this is made.</summary>
internal sealed class Patience(PatienceLimits limits, TimeProvider clock, CancellationToken stop)
{
    private readonly long began = clock.GetTimestamp();

    public CancellationToken Stop => stop;

    public int Tries => limits.Tries;

    public TimeSpan Left => limits.Total - clock.GetElapsedTime(began);

    /// <summary>For the next try; not more than is left.</summary>
    public TimeSpan ForTry => Left < limits.Try ? Left : limits.Try;

    /// <summary>The pause after so many tries, or longer if the other side asks for it.</summary>
    public TimeSpan PauseAfter(int tries, TimeSpan? asked)
    {
        var usual = limits.FirstPause * Math.Pow(3, tries - 1);
        return asked is { } longer && longer > usual ? longer : usual;
    }

    /// <summary>Waits. False, and at once, if after that no time would be left; false too if it was stopped.</summary>
    public bool Wait(TimeSpan pause)
    {
        if (pause >= Left)
        {
            return false;
        }

        try
        {
            Task.Delay(pause, clock, stop).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
