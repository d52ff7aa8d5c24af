using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class ThreadGroupTests
{
    [Fact]
    public void A_failure_stops_the_others_and_is_thrown_where_they_are_waited_for()
    {
        using var threads = new ThreadGroup();
        var stopped = false;
        threads.Start("waits", () =>
        {
            threads.Stopping.WaitHandle.WaitOne();
            stopped = true;
            threads.Stopping.ThrowIfCancellationRequested();
        });
        threads.Start("fails", () => throw new IOException("first"));

        Assert.Equal("first", Assert.Throws<IOException>(threads.Join).Message);
        Assert.True(stopped);
        Assert.Throws<IOException>(threads.ThrowIfFailed);
    }

    [Fact]
    public void What_fails_after_the_first_is_not_thrown()
    {
        using var threads = new ThreadGroup();
        threads.Start("second", () =>
        {
            threads.Stopping.WaitHandle.WaitOne();
            throw new IOException("second");
        });
        threads.Start("first", () => throw new IOException("first"));

        Assert.Equal("first", Assert.Throws<IOException>(threads.Join).Message);
    }

    [Fact]
    public void Stopped_from_outside_they_are_cancelled()
    {
        using var stop = new CancellationTokenSource();
        using var threads = new ThreadGroup(stop.Token);
        threads.Start("waits", () =>
        {
            threads.Stopping.WaitHandle.WaitOne();
            threads.Stopping.ThrowIfCancellationRequested();
        });
        threads.ThrowIfFailed();
        stop.Cancel();

        Assert.Throws<OperationCanceledException>(threads.Join);
    }

    [Fact]
    public void Those_that_end_by_themselves_have_done_their_work()
    {
        var done = 0;
        using var threads = new ThreadGroup();
        for (var i = 0; i < 4; i++)
        {
            threads.Start("works", () => Interlocked.Increment(ref done));
        }

        threads.Join();
        Assert.Equal(4, done);
    }

    [Fact]
    public void Given_up_they_are_stopped_and_waited_for()
    {
        var ended = false;
        using (var threads = new ThreadGroup())
        {
            threads.Start("waits", () =>
            {
                threads.Stopping.WaitHandle.WaitOne();
                ended = true;
            });
        }

        Assert.True(ended);
    }
}
