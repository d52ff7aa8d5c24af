using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Carries entries from the walk to the file list. The walk adds them in order; workers store the content of those that
/// have any; one more thread lists them, in the order in which they were added. Another waits until the packs that the workers
/// filled are on disk, while they fill the next. Queues of fixed length lie between. The copy of a database is checked beside all this.
/// </summary>
internal sealed class CreatePipeline : IDisposable
{
    /// <summary>Entries between the walk and the list. What waits here outlives the collector's young generation, so few may.</summary>
    private const int OrderLength = 512;

    /// <summary>Entries that are listed at once, at most: waking the list for each costs more than listing it.</summary>
    private const int ListBatch = 64;

    /// <summary>Bytes of files that are listed at once: a run that is cut off loses what was stored and not listed.</summary>
    private const long ListBytes = 1 << 20;

    /// <summary>Milliseconds for which the list waits for a whole batch.</summary>
    private const int ListPatience = 20;

    /// <summary>Files open at one time, at most, for each worker; fewer where the system gives fewer.</summary>
    private const int JobsPerWorker = 16;

    private readonly PieceStore store;
    private readonly RunProgress progress;
    private readonly CreateList list;
    private readonly ThreadGroup threads;
    private readonly WorkQueue<CreateItem> order;
    private readonly WorkQueue<CreateJob> jobs;
    private readonly WorkQueue<PackWriter> full;
    private readonly AutoResetEvent listWakes = new(false);
    private readonly List<Thread> workers = [];
    private readonly Thread finisher;
    private readonly Action<int>? pause;
    private CreateItem? awaited;

    public CreatePipeline(PieceStore store, CreateList list, int workerCount, Pace? pace, RunProgress progress, CancellationToken stop)
    {
        this.store = store;
        this.list = list;
        this.progress = progress;
        threads = new ThreadGroup(stop);
        pause = pace is null ? null : bytes => threads.Stopping.WaitHandle.WaitOne(pace.Before(bytes));
        order = new WorkQueue<CreateItem>(OrderLength, threads.Stopping);
        jobs = new WorkQueue<CreateJob>(ThisProcess.ShareOfOpenFiles(workerCount * JobsPerWorker), threads.Stopping);
        // One for each worker: where the disk is slower than they are, it sets the pace.
        full = new WorkQueue<PackWriter>(workerCount, threads.Stopping);
        threads.Stopping.Register(() =>
        {
            order.Wake();
            jobs.Wake();
            full.Wake();
            listWakes.Set();
        });
        threads.Start("list", List);
        finisher = threads.Start("finish", FinishPacks);
        for (var i = 0; i < workerCount; i++)
        {
            workers.Add(threads.Start($"store {i}", Work));
        }
    }

    /// <summary>Adds an entry that needs no storing.</summary>
    public void Add(CreateItem item) => Add(order, item);

    /// <summary>Adds a file whose content is to be stored as its pieces say.</summary>
    public void Add(CreateItem item, List<(int First, int Count, long Offset)> parts)
    {
        Add(order, item);
        foreach (var (first, count, offset) in parts)
        {
            Add(jobs, new CreateJob(item, first, count, offset));
        }
    }

    /// <summary>Adds a file that is checked while it is stored, in a thread of its own. It is listed when both have ended well.</summary>
    public Thread Add(CreateItem item, List<(int First, int Count, long Offset)> parts, Action<CancellationToken> check)
    {
        var checking = threads.Start("check", () =>
        {
            check(threads.Stopping);
            FinishPart(item);
        });
        Add(item, parts);
        return checking;
    }

    private void Add<T>(WorkQueue<T> queue, T item)
    {
        try
        {
            queue.Add(item);
        }
        catch (OperationCanceledException)
        {
            // What stopped it may be the failure of another thread.
            threads.ThrowIfFailed();
            throw;
        }
    }

    /// <summary>Waits until everything that was added is stored, on disk, and listed.</summary>
    /// <exception cref="Exception">Whatever went wrong first, in any thread.</exception>
    public void Complete()
    {
        jobs.Complete();
        workers.ForEach(worker => worker.Join());
        full.Complete();
        finisher.Join();
        order.Complete();
        threads.Join();
    }

    /// <summary>Throws what went wrong in another thread, if anything did.</summary>
    public void ThrowIfFailed() => threads.ThrowIfFailed();

    public void Dispose()
    {
        threads.Dispose();
        full.TakeRest().ForEach(pack => pack.Dispose());
        listWakes.Dispose();
    }

    private void Work()
    {
        using var writer = new PieceWriter(store, pack =>
        {
            pack.Seal();
            full.Add(pack);
        });
        while (jobs.TryTake(out var job))
        {
            Store(writer, job);
        }

        writer.Finish();
    }

    private void FinishPacks()
    {
        while (full.TryTake(out var pack))
        {
            using (pack)
            {
                store.FinishPack(pack);
            }

            // What is listed now counts as stored, whatever happens to the run; also while the list waits for a file of many packs.
            order.Hurry();
            listWakes.Set();
        }
    }

    private void Store(PieceWriter writer, in CreateJob job)
    {
        var item = job.Item;
        var pieces = item.Entry.Pieces;
        var offset = job.Offset;
        try
        {
            for (var i = job.First; i < job.First + job.Count; i++)
            {
                threads.Stopping.ThrowIfCancellationRequested();
                var length = pieces[i].Length;
                if (!pieces[i].IsHole)
                {
                    StorePiece(writer, item, i, new PieceReader(item.File!, offset, length, pause));
                }

                offset += length;
                progress.AddBytes(length);
            }
        }
        catch (SourceReadError e)
        {
            item.Report($"cannot be read: {e.Message}", isLost: true);
        }

        FinishPart(item);
    }

    private void FinishPart(CreateItem item)
    {
        if (item.FinishPart((changed, now) => SecondReading.Confirms(changed, now, pause, threads.Stopping)) && Volatile.Read(ref awaited) == item)
        {
            listWakes.Set();
        }
    }

    private static void StorePiece(PieceWriter writer, CreateItem item, int number, PieceReader content)
    {
        var entry = item.Entry;
        var name = new PieceName(entry.Path, entry.Pieces.Length == 1 ? null : number, entry.Mode, entry.Modified);
        var stored = writer.Store(name, content);
        entry.Pieces[number] = stored.Piece;
        if (stored.IsNew)
        {
            Interlocked.Add(ref item.NewBytes, content.Length);
        }

        if (!stored.Whole)
        {
            item.Report("shrank while it was read; its end is saved as zeros", isLost: false);
        }
    }

    private void List()
    {
        var batch = new CreateItem[ListBatch];
        for (int count; (count = order.Take(batch, ListPatience)) > 0; Array.Clear(batch))
        {
            for (var (first, end) = (0, 0); first < count; first = end)
            {
                for (var bytes = 0L; end < count && (end == first || bytes + batch[end].Entry.Size <= ListBytes); end++)
                {
                    bytes += batch[end].Entry.Size;
                }

                List(batch.AsSpan(first, end - first));
            }
        }
    }

    /// <summary>Lists entries when all are stored. Most are by the time the last is, so that it is waited for first.</summary>
    private void List(ReadOnlySpan<CreateItem> items)
    {
        for (var i = items.Length - 1; i >= 0; i--)
        {
            WaitUntilStored(items[i]);
        }

        foreach (var item in items)
        {
            list.Add(item);
        }
    }

    private void WaitUntilStored(CreateItem item)
    {
        // Either this thread sees that the item is stored, or its last worker sees that this thread waits for it.
        Interlocked.Exchange(ref awaited, item);
        while (!item.IsStored)
        {
            listWakes.WaitOne();
            threads.Stopping.ThrowIfCancellationRequested();
            list.CheckpointIfPackFinished();
        }
    }
}
