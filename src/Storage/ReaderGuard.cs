using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Keeps what a reader reads from being deleted under it. Readers share a kernel lock on the <c>snapshots</c> directory;
/// whoever deletes needs it alone. Backups go on beside readers, since they only add. Those whom that lock does not reach see each other's
/// <see cref="Lease"/>, if the reader may write one.
/// </summary>
internal sealed class ReaderGuard : IDisposable
{
    private readonly SafeFileHandle directory;

    private Lease? lease;
    private RepositoryLock? deleting;

    private ReaderGuard(SafeFileHandle directory) => this.directory = directory;

    /// <summary>For whoever reads packs. Waits out a deletion, which takes moments.</summary>
    /// <param name="layout">The repository.</param>
    /// <param name="clock">The time.</param>
    /// <param name="purpose">What for, where it may take long.</param>
    public static ReaderGuard ForReading(Layout layout, TimeProvider clock, string? purpose = null)
    {
        var deadline = clock.GetUtcNow() + TimeSpan.FromMinutes(1);
        while (true)
        {
            if (TryTake(layout, exclusive: false) is { } guard)
            {
                guard.lease = purpose is null ? null : Lease.ToRead(layout, purpose, clock.GetUtcNow());
                if (!Lease.IsBeingDeletedFrom(layout, clock.GetUtcNow()))
                {
                    return guard;
                }

                guard.Dispose();
            }

            if (clock.GetUtcNow() >= deadline)
            {
                throw new UserError(ExitCode.Locked, $"snapshots are being deleted from {layout.Root}", "try again in a minute");
            }

            Thread.Sleep(100);
        }
    }

    /// <summary>For whoever deletes; null while somebody reads.</summary>
    public static ReaderGuard? TryForDeleting(RepositoryLock held)
    {
        if (TryTake(held.Layout, exclusive: true) is not { } guard)
        {
            return null;
        }

        try
        {
            if (held.TryBeginDeleting())
            {
                guard.deleting = held;
                return guard;
            }
        }
        catch
        {
            guard.Dispose();
            throw;
        }

        guard.Dispose();
        return null;
    }

    public void Dispose()
    {
        if (!directory.IsClosed)
        {
            deleting?.EndDeleting();
            lease?.Dispose();
            FileLock.GiveBack(directory);
            directory.Dispose();
        }
    }

    private static ReaderGuard? TryTake(Layout layout, bool exclusive)
    {
        var directory = layout.OpenSnapshots();
        if (FileLock.TryTake(directory, exclusive))
        {
            return new ReaderGuard(directory);
        }

        directory.Dispose();
        return null;
    }
}
