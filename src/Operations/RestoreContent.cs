using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>A file to be filled. <paramref name="Path"/> is below the top of its source.</summary>
internal sealed record RestoreJob(RestoreWriter Writer, FileEntry Entry, byte[] Path, SafeFileHandle File, RestoreLosses Losses);

/// <summary>
/// Writes the content of files on several threads. Each thread has packs of its own, so that it reads them from front to
/// back.
/// </summary>
internal sealed class RestoreContent : IDisposable
{
    private const int QueueLength = 64;

    private readonly bool keepGoing;
    private readonly bool isElsewhere;
    private readonly bool isDrill;
    private readonly RunProgress progress;
    private readonly ThreadGroup threads;
    private readonly List<WorkQueue<RestoreJob>> queues = [];
    private readonly List<PathWarning> damaged = [];
    private int unwritten;

    public RestoreContent(Layout layout, List<PackInfo> packs, RestorePlan plan, RunProgress progress, CancellationToken stop)
    {
        (keepGoing, isElsewhere, isDrill) = (plan.KeepGoing, plan.To is not null, plan.IsDrill);
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

    /// <summary>What was left out for damage.</summary>
    public IReadOnlyList<PathWarning> Damaged => damaged;

    /// <summary>How many files were begun and could not be written.</summary>
    public int Unwritable { get; private set; }

    /// <summary>The bytes of what was begun and removed again, for whatever reason.</summary>
    public long RemovedBytes { get; private set; }

    public void Add(RestoreJob job)
    {
        if (!Array.Exists(job.Entry.Pieces, piece => !piece.IsHole))
        {
            using (job.File)
            {
                Write(null, job);
            }

            return;
        }

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
            job.File.Dispose();
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

    /// <summary>Behind FUSE the name of a file that is open stays when it is removed, as another, and its directory with it.</summary>
    public void Dispose()
    {
        threads.Dispose();
        queues.SelectMany(queue => queue.TakeRest()).ToList().ForEach(job => job.File.Dispose());
    }

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

    private void Write(PieceFetcher? fetcher, RestoreJob job)
    {
        try
        {
            Fill(fetcher, job);
        }
        catch (DamageError e)
        {
            Report(job.Entry, e);
            Remove(job);
            job.Losses.AddNotRestored(job.Entry, "its content in the repository is damaged");
            return;
        }
        catch (PosixError e) when (!e.IsOfWholePlace)
        {
            if (!keepGoing)
            {
                throw Refusal(job.Entry, e);
            }

            Remove(job);
            job.Losses.LeaveOut(job.Entry, e.Message);
            lock (damaged)
            {
                Unwritable++;
            }

            return;
        }

        Finish(job);
        progress.AddFile();
    }

    private void Remove(RestoreJob job)
    {
        job.Writer.Remove(job.Path);
        job.Losses.Renamed.Forget(job.Entry.Path);
        lock (damaged)
        {
            RemovedBytes = Units.Add(RemovedBytes, job.Entry.Size);
        }
    }

    private void Finish(RestoreJob job)
    {
        try
        {
            job.Writer.Finish(job.File, job.Entry);
        }
        catch (PosixError e) when (keepGoing && !e.IsOfWholePlace)
        {
            // The content is there, and only its owner can read it.
            job.Losses.Add(RestoreLoss.Mode, job.Entry.Path, e.Message);
        }
    }

    private void Fill(PieceFetcher? fetcher, RestoreJob job)
    {
        var at = 0L;
        foreach (var piece in job.Entry.Pieces)
        {
            threads.Stopping.ThrowIfCancellationRequested();
            var end = at + piece.Length;
            if (!piece.IsHole)
            {
                fetcher!.Fetch(piece, bytes =>
                {
                    Posix.WriteAt(job.File, bytes.Span, at);
                    at += bytes.Length;
                    progress.AddBytes(bytes.Length);
                });
            }

            at = end;
        }

        if (fetcher is null || Array.Exists(job.Entry.Pieces, piece => piece.IsHole))
        {
            Posix.Truncate(job.File, job.Entry.Size);
        }

        Posix.StartWriting(job.File, 0, job.Entry.Size);
    }

    private UserError Refusal(FileEntry entry, PosixError error)
    {
        var way = isDrill ? "name a directory on another file system as drill.dir in the configuration"
            : $"{(isElsewhere ? "restore to another file system" : "restore elsewhere with --to DIR")}, or the rest with --keep-going";
        return UserError.Failed(
            $"{Encoding.UTF8.GetString(entry.Path)} ({Units.Size(entry.Size)}) cannot be written: {error.Message}",
            $"{(error.IsPlaceLost ? UnfinishedRestore.MayBeLeft : "nothing was changed")}; {way}",
            error);
    }
}
