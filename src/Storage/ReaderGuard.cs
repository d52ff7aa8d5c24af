using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Keeps what a reader reads from being deleted under it. Readers share a kernel lock on the <c>snapshots</c> directory;
/// whoever deletes needs it alone. Backups go on beside readers, since they only add.
/// </summary>
internal sealed class ReaderGuard : IDisposable
{
    private readonly SafeFileHandle directory;

    private ReaderGuard(SafeFileHandle directory) => this.directory = directory;

    /// <summary>For whoever reads packs. Waits out a deletion, which takes moments.</summary>
    public static ReaderGuard ForReading(Layout layout, TimeProvider clock)
    {
        var deadline = clock.GetUtcNow() + TimeSpan.FromMinutes(1);
        while (true)
        {
            if (TryTake(layout, exclusive: false) is { } guard)
            {
                return guard;
            }

            if (clock.GetUtcNow() >= deadline)
            {
                throw new UserError(ExitCode.Locked, $"snapshots are being deleted from {layout.Root}", "try again in a minute");
            }

            Thread.Sleep(100);
        }
    }

    /// <summary>For whoever deletes; null while somebody reads.</summary>
    public static ReaderGuard? TryForDeleting(Layout layout) => TryTake(layout, exclusive: true);

    public void Dispose()
    {
        if (!directory.IsClosed)
        {
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
