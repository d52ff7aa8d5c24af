using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// A file that SQLite is to write to and that this process has open but could not open again: that of another user. SQLite opens by
/// name only, so one name stands for it. For a process that does nothing else: it holds for all of SQLite.
/// </summary>
internal static unsafe partial class SqliteTarget
{
    /// <summary>Where no file is.</summary>
    public const string Name = "/vertex-ar-backup-target";

    private static int descriptor = -1;

    /// <param name="file">Stays open as long as SQLite is used.</param>
    public static void Use(SafeFileHandle file)
    {
        descriptor = Posix.Descriptor(file);
        delegate* unmanaged[Cdecl]<byte*, int, uint, int> open = &Open;
        fixed (byte* call = "open\0"u8)
        {
            SqliteGuard.SetSystemCall(call, open);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(byte* path, int flags, uint mode)
    {
        const int currentDirectory = -100, duplicateAndCloseOnExec = 1030;
        var opened = Marshal.PtrToStringUTF8((nint)path) == Name
            ? PosixCalls.Control(descriptor, duplicateAndCloseOnExec, 3)
            : PosixCalls.OpenAt(currentDirectory, path, flags, mode);
        // SQLite looks at it.
        Marshal.SetLastSystemError(Marshal.GetLastPInvokeError());
        return opened;
    }
}
