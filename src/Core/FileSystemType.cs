using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>The number that the kernel has for a type of file system; see statfs(2).</summary>
internal static unsafe class FileSystemType
{
    /// <summary>Those that lie on a disk, or in the memory, of one machine: ext, xfs, btrfs, tmpfs, ramfs, overlay, zfs, f2fs, bcachefs, FAT, exFAT, ntfs3, jfs.</summary>
    private static readonly HashSet<ulong> OfOneMachine =
        [0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x858458F6, 0x794C7630, 0x2FC12FC1, 0xF2F52010, 0xCA451A4E, 0x4D44, 0x2011BAB0, 0x7366746E, 0x3153464A];

    /// <summary>0 if it cannot be known.</summary>
    public static ulong Of(SafeFileHandle file)
    {
        var buffer = stackalloc ulong[64];
        return PosixCalls.FileSystemTypeOf(Posix.Descriptor(file), buffer) == 0 ? buffer[0] & uint.MaxValue : 0;
    }

    /// <summary>Whether one kernel alone can have it mounted, so that its locks are known to all who use it in this way.</summary>
    public static bool IsOfOneMachine(ulong type) => OfOneMachine.Contains(type);

    /// <summary>Gives a file the time that its file system has now, where nothing can be written to it any more.</summary>
    public static void Touch(SafeFileHandle file)
    {
        if (PosixCalls.SetTimes(Posix.Descriptor(file), null) != 0)
        {
            throw new PosixError(Marshal.GetLastPInvokeError());
        }
    }
}
