using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>Work spread over time.</summary>
public sealed class PaceTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public void Whoever_asks_waits_until_what_was_asked_before_is_paid_for()
    {
        var pace = new Pace(bytesPerSecond: 1000, clock);

        Assert.Equal(0, pace.Before(500).TotalMilliseconds);
        Assert.Equal(500, pace.Before(1000).TotalMilliseconds);
        Assert.Equal(1500, pace.Before(1).TotalMilliseconds);
    }

    [Fact]
    public void Time_that_passes_counts_but_is_not_saved_up()
    {
        var pace = new Pace(bytesPerSecond: 1000, clock);
        pace.Before(1000);
        clock.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal(600, pace.Before(1000).TotalMilliseconds);

        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, pace.Before(1000).TotalMilliseconds);
        Assert.Equal(1000, pace.Before(1000).TotalMilliseconds);
    }
}
