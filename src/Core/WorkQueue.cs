namespace VertexAr.Backup.Core;

/// <summary>
/// A queue between threads that holds so many at most: whoever adds waits, so that memory does not grow with the site. Waking
/// a thread costs more than dealing with a small file, so it is done seldom: a full queue fills again once it is half empty,
/// and nobody is woken who does not wait.
/// </summary>
internal sealed class WorkQueue<T>(int capacity, CancellationToken stop)
{
    private readonly Queue<T> items = new(capacity);
    private bool completed;
    private bool hurried;
    private int adding;
    private int taking;

    /// <summary>How many items whoever waits to take is waiting for.</summary>
    private int wanted;

    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public void Add(T item)
    {
        lock (items)
        {
            while (items.Count >= capacity)
            {
                Wait(ref adding);
            }

            stop.ThrowIfCancellationRequested();
            items.Enqueue(item);
            if (taking > 0 && items.Count >= wanted)
            {
                Monitor.PulseAll(items);
            }
        }
    }

    /// <summary>The next item; false when there will be none.</summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public bool TryTake(out T item)
    {
        lock (items)
        {
            WaitFor(1);
            var taken = items.TryDequeue(out item!);
            LetAdd();
            return taken;
        }
    }

    /// <summary>The next items: as many as fit, or those that are there when patience ends; the count, 0 when there will be none.</summary>
    /// <param name="batch">To be filled; no longer than the queue.</param>
    /// <param name="patience">Milliseconds for which more than one item is waited for.</param>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public int Take(Span<T> batch, int patience)
    {
        lock (items)
        {
            WaitFor(batch.Length, patience);
            var taken = 0;
            while (taken < batch.Length && items.TryDequeue(out var item))
            {
                batch[taken++] = item;
            }

            LetAdd();
            return taken;
        }
    }

    /// <summary>What nobody took, after the run was stopped.</summary>
    public List<T> TakeRest()
    {
        lock (items)
        {
            List<T> rest = [.. items];
            items.Clear();
            return rest;
        }
    }

    /// <summary>Ends the patience of whoever waits for more than one item, now or the next time.</summary>
    public void Hurry()
    {
        lock (items)
        {
            hurried = true;
            Monitor.PulseAll(items);
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Complete()
    {
        lock (items)
        {
            completed = true;
            Monitor.PulseAll(items);
        }
    }

    /// <summary>Wakes everybody who waits, to see that the run was stopped.</summary>
    public void Wake()
    {
        lock (items)
        {
            Monitor.PulseAll(items);
        }
    }

    private void WaitFor(int count, int patience = Timeout.Infinite)
    {
        while (items.Count < count && !completed && !(hurried && items.Count > 0))
        {
            wanted = count;
            if (!Wait(ref taking, patience) && items.Count > 0)
            {
                break;
            }
        }

        hurried = false;

        stop.ThrowIfCancellationRequested();
    }

    private void LetAdd()
    {
        if (adding > 0 && items.Count <= capacity / 2)
        {
            Monitor.PulseAll(items);
        }
    }

    private bool Wait(ref int waiting, int patience = Timeout.Infinite)
    {
        stop.ThrowIfCancellationRequested();
        waiting++;
        var woken = Monitor.Wait(items, patience);
        waiting--;
        return woken;
    }
}
