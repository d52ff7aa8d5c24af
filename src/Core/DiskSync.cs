using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>Puts more on disk than one file.</summary>
internal static class DiskSync
{
    /// <summary>Returns when everything on the file system that holds this file is on disk; where that is not to be had, everything on all of them.</summary>
    public static void FileSystem(SafeFileHandle file)
    {
        if (PosixCalls.SyncFileSystem(Posix.Descriptor(file)) == 0)
        {
            return;
        }

        var error = new PosixError(Marshal.GetLastPInvokeError());
        // A directory that may be searched but not listed is open for nothing but names.
        if (!error.IsNotForThisPlace && error.Number != PosixError.BadDescriptor)
        {
            throw error;
        }

        PosixCalls.SyncAll();
    }

    /// <summary>
    /// Returns when the names in the directory are on disk. Some file systems, of shares and of virtual machines, can do that for no directory:
    /// there it is done for all that they hold, as far as they do.
    /// </summary>
    public static void Directory(SafeFileHandle directory)
    {
        try
        {
            Posix.Sync(directory);
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
            FileSystem(directory);
        }
    }
}
