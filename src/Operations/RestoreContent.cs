using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>A file to be filled. <paramref name="Path"/> is below the top of its source.</summary>
internal sealed record RestoreJob(RestoreWriter Writer, FileEntry Entry, byte[] Path, SafeFileHandle File);

/// <summary>
/// Writes the content of files on several threads. Each thread has packs of its own, so that it reads them from front to
/// back.
/// </summary>
internal sealed class RestoreContent : IDisposable
{
    private const int QueueLength = 64;

    private readonly bool keepGoing;
    private readonly RunProgress progress;
    private readonly ThreadGroup threads;
    private readonly List<WorkQueue<RestoreJob>> queues = [];
    private readonly List<PathWarning> damaged = [];
    private int unwritten;

    public RestoreContent(Layout layout, List<PackInfo> packs, RestorePlan plan, RunProgress progress, CancellationToken stop)
    {
        keepGoing = plan.KeepGoing;
        this.progress = progress;
        threads = new ThreadGroup(stop);
        var length = Math.Max(1, ThisProcess.ShareOfOpenFiles(plan.Workers * QueueLength) / plan.Workers);
        for (var i = 0; i < plan.Workers; i++)
        {
            var queue = new WorkQueue<RestoreJob>(length, threads.Stopping);
            queues.Add(queue);
            threads.Stopping.Register(queue.Wake);
            threads.Start($"restore {i}", () => Work(queue, layout, packs, plan.Verify));
        }
    }

    /// <summary>Damaged files are left out, and the rest restored.</summary>
    public bool KeepsGoing => keepGoing;

    /// <summary>What was left out.</summary>
    public IReadOnlyList<PathWarning> Damaged => damaged;

    public void Add(RestoreJob job)
    {
        var pack = Array.Find(job.Entry.Pieces, piece => !piece.IsHole).Pack;
        lock (queues)
        {
            unwritten++;
        }

        try
        {
            queues[pack % queues.Count].Add(job);
        }
        catch (OperationCanceledException)
        {
            threads.ThrowIfFailed();
            throw;
        }
    }

    /// <summary>Waits until everything that was added so far is written.</summary>
    public void WaitUntilWritten()
    {
        const int milliseconds = 100;
        lock (queues)
        {
            while (unwritten > 0 && !threads.Stopping.IsCancellationRequested)
            {
                _ = Monitor.Wait(queues, milliseconds);
            }
        }

        threads.ThrowIfFailed();
    }

    /// <summary>Waits until every file is written.</summary>
    /// <exception cref="UserError">A file is damaged, and it was not said to keep going.</exception>
    public void Complete()
    {
        queues.ForEach(queue => queue.Complete());
        threads.Join();
    }

    /// <summary>Leaves a damaged file out if told to keep going; gives up otherwise.</summary>
    public void Report(FileEntry entry, DamageError error)
    {
        var path = Encoding.UTF8.GetString(entry.Path);
        if (!keepGoing)
        {
            throw UserError.Failed(
                $"{path} {error.Message}",
                "nothing was changed; 'vertex-ar-backup verify --deep' names all that is damaged, and --keep-going restores the rest",
                error);
        }

        lock (damaged)
        {
            damaged.Add(new PathWarning(path, error.Message));
        }

        progress.Say(Severity.Error, error.Message, path);
    }

    public void Dispose() => threads.Dispose();

    private void Work(WorkQueue<RestoreJob> queue, Layout layout, List<PackInfo> packs, bool verify)
    {
        using var fetcher = new PieceFetcher(layout, packs, verify);
        while (queue.TryTake(out var job))
        {
            using (job.File)
            {
                Write(fetcher, job);
            }

            lock (queues)
            {
                unwritten--;
                Monitor.PulseAll(queues);
            }
        }
    }

    private void Write(PieceFetcher fetcher, RestoreJob job)
    {
        try
        {
            var at = 0L;
            foreach (var piece in job.Entry.Pieces)
            {
                threads.Stopping.ThrowIfCancellationRequested();
                var end = at + piece.Length;
                if (!piece.IsHole)
                {
                    fetcher.Fetch(piece, bytes =>
                    {
                        Posix.WriteAt(job.File, bytes.Span, at);
                        at += bytes.Length;
                        progress.AddBytes(bytes.Length);
                    });
                }

                at = end;
            }

            if (Array.Exists(job.Entry.Pieces, piece => piece.IsHole))
            {
                Posix.Truncate(job.File, job.Entry.Size);
            }

            Posix.StartWriting(job.File, 0, job.Entry.Size);
            job.Writer.Finish(job.File, job.Entry);
            progress.AddFile();
        }
        catch (DamageError e)
        {
            Report(job.Entry, e);
            job.Writer.Remove(job.Entry, job.Path);
        }
    }
}
