using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>The kernel's locks on open files.</summary>
internal static unsafe class FileLock
{
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
        const int getLock = 5;
        const short writeLock = 1, unlocked = 2;
        var question = new PosixCalls.RecordLock { Type = writeLock };
        Posix.Check(PosixCalls.GetRecordLock(Posix.Descriptor(file), getLock, &question));
        return question.Type == unlocked ? 0 : question.Process;
    }
}
