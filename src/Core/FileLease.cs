using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Asks the kernel whether a file is open anywhere, also in processes that cannot be seen from here: those of other users, and of other
/// containers. It grants a write lease, fcntl(2)'s F_SETLEASE, only on a file that nobody else has open.
/// </summary>
internal static class FileLease
{
    private const int SetSignal = 10;
    private const int SetLease = 1024;
    private const nint WriteLease = 1;
    private const nint NoLease = 2;

    /// <summary>It does nothing to a process that does not ask for it; what announces that somebody opens a leased file otherwise, SIGIO, ends it.</summary>
    private const nint Urgent = 23;

    /// <param name="path">A regular file; links are followed.</param>
    /// <returns>Null if that cannot be known: to ask takes the file's owner or root, and a file system that has leases.</returns>
    public static bool? IsOpenElsewhere(string path)
    {
        try
        {
            using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true);
            return IsOpenElsewhere(file);
        }
        catch (PosixError)
        {
            return null;
        }
    }

    private static bool? IsOpenElsewhere(SafeFileHandle file)
    {
        var descriptor = Posix.Descriptor(file);
        if (PosixCalls.Control(descriptor, SetSignal, Urgent) != 0)
        {
            return null;
        }

        if (PosixCalls.Control(descriptor, SetLease, WriteLease) != 0)
        {
            return Marshal.GetLastPInvokeError() == PosixError.WouldBlock ? true : null;
        }

        _ = PosixCalls.Control(descriptor, SetLease, NoLease);
        return false;
    }
}
