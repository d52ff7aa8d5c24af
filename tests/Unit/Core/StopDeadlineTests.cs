using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>What ends the process when something does not stop.</summary>
public sealed class StopDeadlineTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public void It_ends_the_process_though_even_saying_so_hangs()
    {
        using var ended = new ManualResetEvent(false);
        var said = false;
        var deadline = new StopDeadline(
            () =>
            {
                said = true;
                Thread.Sleep(Timeout.Infinite);
            },
            () => ended.Set());

        Assert.Equal(TimeSpan.Zero, deadline.Left);
        deadline.Start();
        Assert.InRange(deadline.Left, TimeSpan.Zero, StopDeadline.Usual);

        Assert.True(ended.WaitOne(Longest), "it never ended");
        Assert.True(said);
        Assert.False(deadline.Again.IsCancellationRequested);
    }

    [Fact]
    public void What_may_take_longer_does_until_a_second_signal()
    {
        using var ended = new ManualResetEvent(false);
        var deadline = new StopDeadline(() => { }, () => ended.Set());
        deadline.Start();

        deadline.Allow(TimeSpan.FromHours(1), () =>
        {
            Assert.True(deadline.Left > StopDeadline.Usual);
            deadline.Start();
            Assert.True(deadline.Again.IsCancellationRequested);
            Assert.True(ended.WaitOne(Longest), "it never ended");
        });
    }

    [Fact]
    public void Without_a_signal_nothing_ends()
    {
        var deadline = new StopDeadline(() => { }, () => Assert.Fail("it ended"));
        deadline.Allow(TimeSpan.FromMilliseconds(1), () => { });
        Assert.Equal(TimeSpan.Zero, deadline.Left);
    }
}
