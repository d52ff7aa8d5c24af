namespace VertexAr.Backup.Operations;

/// <summary>A queue between threads that holds so many at most: whoever adds waits, so that memory does not grow with the site.</summary>
internal sealed class WorkQueue<T>(int capacity, CancellationToken stop)
{
    private readonly Queue<T> items = new(capacity);
    private bool completed;

    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public void Add(T item)
    {
        lock (items)
        {
            while (items.Count >= capacity)
            {
                stop.ThrowIfCancellationRequested();
                Monitor.Wait(items);
            }

            stop.ThrowIfCancellationRequested();
            items.Enqueue(item);
            Monitor.PulseAll(items);
        }
    }

    /// <summary>The next item; false when there will be none.</summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public bool TryTake(out T item)
    {
        lock (items)
        {
            while (items.Count == 0 && !completed)
            {
                stop.ThrowIfCancellationRequested();
                Monitor.Wait(items);
            }

            stop.ThrowIfCancellationRequested();
            var taken = items.TryDequeue(out item!);
            Monitor.PulseAll(items);
            return taken;
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
}
