using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The right to do what one run at a time may do, and what is not writing all the while: copying takes hours, and snapshots are taken meanwhile. A kernel
/// lock beside the repository's, which ends with the process, and a <see cref="Lease"/>, for those whom that lock does not reach.
/// </summary>
internal sealed class TaskLock : IDisposable
{
    private readonly SafeFileHandle file;
    private Lease? lease;

    private TaskLock(SafeFileHandle file) => this.file = file;

    /// <summary>The right to change the second place. The file that is locked stays.</summary>
    /// <exception cref="UserError">Another run copies (exit code 11).</exception>
    public static TaskLock ToCopy(Layout layout, DateTimeOffset now) =>
        Acquire(layout, LeaseMark.CopyUse, "offsite push", () => RegularFile.OpenOrCreate(layout.OffsiteLock, AtomicFile.FileMode), now);

    /// <summary>The right to import: what is imported already was looked up at its beginning.</summary>
    /// <exception cref="UserError">Another run imports (exit code 11).</exception>
    public static TaskLock ToImport(Layout layout, DateTimeOffset now) =>
        Acquire(layout, LeaseMark.ImportUse, "import", () => Posix.OpenDirectory(Posix.Here, Posix.Bytes(layout.Staging), follow: true), now);

    /// <summary>Looks whether this run still has the right.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public void Require() => lease?.Require();

    /// <summary>Why something failed, if it is because another run took this one for dead; null if it is not.</summary>
    public UserError? Lost(Exception error)
    {
        try
        {
            return lease is not null && !lease.IsThere() ? lease.Lost(error) : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>Whether somebody else may have a scratch directory in the repository, of whom no kernel lock needs to tell.</summary>
    public bool HasScratchUsers() => lease?.HasScratchUsers() ?? false;

    public void Dispose()
    {
        lease?.Dispose();
        if (!file.IsClosed)
        {
            FileLock.GiveBack(file);
            file.Dispose();
        }
    }

    private static TaskLock Acquire(Layout layout, string use, string purpose, Func<SafeFileHandle> open, DateTimeOffset now)
    {
        try
        {
            var taken = new TaskLock(open());
            try
            {
                if (!FileLock.TryTake(taken.file, exclusive: true))
                {
                    throw new UserError(ExitCode.Locked, Lease.Taken(layout, use), "wait for it to end; the lock ends with that process by itself");
                }

                taken.lease = Lease.Alone(layout, use, purpose, now);
                return taken;
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(layout.Root, e);
        }
    }
}
