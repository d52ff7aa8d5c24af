using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>A step of a walk: an entry, or a directory in which the walk is done and which its last user closes.</summary>
internal readonly record struct WalkStep(WalkedEntry? Entry, SafeFileHandle? Left = null);

/// <summary>Walks in a thread of its own, some steps ahead of whoever deals with the entries: asking the kernel is half of the work.</summary>
internal static class WalkAhead
{
    private const int Steps = 256;

    /// <summary>Directories that a batch may hold open beyond the walk's need.</summary>
    private const int Directories = 4;

    private const int Batches = 4;

    /// <summary>The entries, in order. What an entry offers to open is there until the next is asked for.</summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public static IEnumerable<WalkedEntry> Of(IEnumerable<WalkStep> walk, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var batches = new WorkQueue<List<WalkStep>>(Batches, end.Token);
        using var waking = end.Token.Register(batches.Wake);
        var walking = Task.Factory.StartNew(() => Walk(walk, batches), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            while (batches.TryTake(out var batch))
            {
                foreach (var (entry, left) in batch)
                {
                    left?.Dispose();
                    if (entry is not null)
                    {
                        yield return entry;
                    }
                }
            }

            walking.GetAwaiter().GetResult();
        }
        finally
        {
            // Whoever asked may have had enough: then the walk ends as well. Directories it had open are left to their finalizers.
            end.Cancel();
            ((IAsyncResult)walking).AsyncWaitHandle.WaitOne();
        }
    }

    private static void Walk(IEnumerable<WalkStep> walk, WorkQueue<List<WalkStep>> batches)
    {
        try
        {
            var (batch, directories) = (new List<WalkStep>(Steps), 0);
            foreach (var step in walk)
            {
                batch.Add(step);
                directories += step.Left is null ? 0 : 1;
                if (batch.Count == Steps || directories == Directories)
                {
                    batches.Add(batch);
                    (batch, directories) = (new List<WalkStep>(Steps), 0);
                }
            }

            batches.Add(batch);
        }
        finally
        {
            batches.Complete();
        }
    }
}
