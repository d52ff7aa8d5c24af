using System.Runtime.ExceptionServices;

namespace VertexAr.Backup.Core;

/// <summary>Threads that work on one thing. When one fails all are told to stop, and its failure is for the thread that started them.</summary>
internal sealed class ThreadGroup(CancellationToken stop = default) : IDisposable
{
    private const int StackBytes = 512 * 1024;

    private readonly CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
    private readonly List<Thread> threads = [];
    private Exception? failure;

    /// <summary>Cancelled from outside, or by the first failure.</summary>
    public CancellationToken Stopping => stopping.Token;

    public Thread Start(string name, Action body)
    {
        var thread = new Thread(() => Guard(body), StackBytes) { Name = name, IsBackground = true };
        threads.Add(thread);
        thread.Start();
        return thread;
    }

    /// <summary>Waits until all have ended.</summary>
    /// <exception cref="Exception">Whatever went wrong first, in any of them.</exception>
    /// <exception cref="OperationCanceledException">They were stopped from outside.</exception>
    public void Join()
    {
        threads.ForEach(thread => thread.Join());
        ThrowIfFailed();
        stopping.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Throws what went wrong in one of them, if anything did.</summary>
    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref failure) is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Stops them and waits until they have ended.</summary>
    public void Dispose()
    {
        stopping.Cancel();
        threads.ForEach(thread => thread.Join());
        stopping.Dispose();
    }

    private void Guard(Action body)
    {
        try
        {
            body();
        }
        catch (OperationCanceledException)
        {
            // Stopped from outside, or by the failure of another thread.
        }
#pragma warning disable CA1031 // Whatever it is, it is thrown again in the thread that started the group.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, e, null);
            stopping.Cancel();
        }
    }
}
