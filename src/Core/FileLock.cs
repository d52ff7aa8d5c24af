using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>The kernel's locks on open files.</summary>
internal static unsafe class FileLock
{
    private const short Unlocked = 2;

    /// <summary>Takes a kernel lock on an open file; it ends with the descriptor. False when somebody else holds it.</summary>
    public static bool TryTake(SafeFileHandle file, bool exclusive)
    {
        const int shared = 1, alone = 2, noWait = 4;
        if (PosixCalls.Lock(Posix.Descriptor(file), (exclusive ? alone : shared) | noWait) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == PosixError.WouldBlock ? false : throw new PosixError(Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// Gives a lock back. Closing the file does so too, but not while another thread is just starting a program: until that
    /// runs, it has the descriptor as well.
    /// </summary>
    public static void GiveBack(SafeFileHandle file) => Posix.Check(PosixCalls.Lock(Posix.Descriptor(file), 8));

    /// <summary>The process that holds a record lock (as SQLite takes them) anywhere in the file; 0 if none does.</summary>
    public static int HolderOfRecord(SafeFileHandle file)
    {
        var answer = Ask(file, start: 0, length: 0);
        return answer.Type == Unlocked ? 0 : answer.Process;
    }

    /// <summary>Whether another process has locked this range of the file for reading, and none for writing.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="length">In bytes.</param>
    public static bool IsReadLocked(SafeFileHandle file, long start, long length)
    {
        const short readLock = 0;
        return Ask(file, start, length).Type == readLock;
    }

    /// <summary>Whether another process has locked any of this range of the file.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="length">In bytes.</param>
    public static bool IsLocked(SafeFileHandle file, long start, long length) => Ask(file, start, length).Type != Unlocked;

    /// <summary>Locks a range of a file for writing; the lock ends with the descriptor.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="length">In bytes.</param>
    public static void TakeRecord(SafeFileHandle file, long start, long length)
    {
        const int setLockOfDescriptor = 37; // F_OFD_SETLK
        const short writeLock = 1;
        var wanted = new PosixCalls.RecordLock { Type = writeLock, Start = start, Length = length };
        Posix.Check(PosixCalls.ControlLock(Posix.Descriptor(file), setLockOfDescriptor, &wanted));
    }

    private static PosixCalls.RecordLock Ask(SafeFileHandle file, long start, long length)
    {
        const int getLock = 5;
        const short writeLock = 1;
        var question = new PosixCalls.RecordLock { Type = writeLock, Start = start, Length = length };
        Posix.Check(PosixCalls.ControlLock(Posix.Descriptor(file), getLock, &question));
        return question;
    }
}
