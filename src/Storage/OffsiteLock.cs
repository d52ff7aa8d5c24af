using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The right to change the second place. A kernel lock of its own beside the repository's: copying takes hours, and snapshots
/// are taken meanwhile. The file stays.
/// </summary>
internal sealed class OffsiteLock : IDisposable
{
    private readonly SafeFileHandle file;

    private OffsiteLock(SafeFileHandle file) => this.file = file;

    /// <exception cref="UserError">Another run copies (exit code 11).</exception>
    public static OffsiteLock Acquire(Layout layout)
    {
        SafeFileHandle file;
        try
        {
            file = RegularFile.OpenOrCreate(layout.OffsiteLock, AtomicFile.FileMode);
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(layout.Root, e);
        }

        if (FileLock.TryTake(file, exclusive: true))
        {
            return new OffsiteLock(file);
        }

        file.Dispose();
        throw new UserError(
            ExitCode.Locked, $"another run is copying {layout.Root} to the second place", "wait for it to end; the lock ends with that process by itself");
    }

    public void Dispose()
    {
        if (!file.IsClosed)
        {
            FileLock.GiveBack(file);
            file.Dispose();
        }
    }
}
