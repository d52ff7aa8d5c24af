using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class WorkQueueTests : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly WorkQueue<int> queue;

    public WorkQueueTests() => queue = new WorkQueue<int>(2, stop.Token);

    public void Dispose() => stop.Dispose();

    [Fact]
    public void What_goes_in_comes_out_in_order_and_then_nothing()
    {
        queue.Add(1);
        queue.Add(2);
        queue.Complete();
        Assert.Equal((true, 1), (queue.TryTake(out var first), first));
        Assert.Equal((true, 2), (queue.TryTake(out var second), second));
        Assert.False(queue.TryTake(out _));
    }

    [Fact]
    public void Whoever_adds_to_a_full_queue_waits()
    {
        queue.Add(1);
        queue.Add(2);
        var adding = Start(() => queue.Add(3));
        Assert.True(queue.TryTake(out _));
        adding.Join();
        Assert.True(queue.TryTake(out _));
        Assert.Equal((true, 3), (queue.TryTake(out var third), third));
    }

    [Fact]
    public void Whoever_takes_from_an_empty_queue_waits()
    {
        var taken = 0;
        var taking = Start(() => Assert.True(queue.TryTake(out taken)));
        queue.Add(7);
        taking.Join();
        Assert.Equal(7, taken);
    }

    [Fact]
    public void What_was_not_taken_can_be_had_after_the_run_was_stopped()
    {
        queue.Add(1);
        queue.Add(2);
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => queue.TryTake(out _));
        Assert.Equal([1, 2], queue.TakeRest());
        Assert.Empty(queue.TakeRest());
    }

    [Fact]
    public void A_batch_is_waited_for()
    {
        var batch = new int[2];
        var taken = 0;
        queue.Add(1);
        var taking = Start(() => taken = queue.Take(batch, Timeout.Infinite));
        queue.Add(2);
        taking.Join();
        Assert.Equal(2, taken);
        Assert.Equal([1, 2], batch);
    }

    [Fact]
    public void Patience_ends_with_what_there_is()
    {
        var batch = new int[2];
        queue.Add(1);
        Assert.Equal(1, queue.Take(batch, patience: 1));
        Assert.Equal(1, batch[0]);
    }

    [Fact]
    public void Hurry_ends_patience()
    {
        var batch = new int[2];
        var taken = 0;
        queue.Add(1);
        var taking = Start(() => taken = queue.Take(batch, Timeout.Infinite));
        queue.Hurry();
        taking.Join();
        Assert.Equal(1, taken);
    }

    [Fact]
    public void Hurry_also_ends_the_patience_of_whoever_comes_later()
    {
        queue.Hurry();
        queue.Add(1);
        Assert.Equal(1, queue.Take(new int[2], Timeout.Infinite));
    }

    [Fact]
    public void The_last_batch_may_be_short()
    {
        var batch = new int[2];
        queue.Add(1);
        queue.Complete();
        Assert.Equal(1, queue.Take(batch, Timeout.Infinite));
        Assert.Equal(0, queue.Take(batch, Timeout.Infinite));
    }

    [Fact]
    public void Stopping_ends_every_wait()
    {
        var taking = Start(() => Assert.Throws<OperationCanceledException>(() => queue.TryTake(out _)));
        stop.Cancel();
        queue.Wake();
        taking.Join();
        Assert.Throws<OperationCanceledException>(() => queue.Add(1));
    }

    /// <summary>Returns when the thread waits.</summary>
    private static Thread Start(Action body)
    {
        var thread = new Thread(() => body());
        thread.Start();
        while (!thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin))
        {
            Thread.Yield();
        }

        return thread;
    }
}
