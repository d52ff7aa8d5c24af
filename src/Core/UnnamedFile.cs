using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>A file that has no name until it is as it should be, and vanishes if it never gets one: open(2)'s O_TMPFILE.</summary>
internal static unsafe class UnnamedFile
{
    /// <summary>Makes one, which only its owner may use as yet.</summary>
    /// <param name="directory">Where it will have its name.</param>
    /// <exception cref="PosixError">The directory may not be written to, or its file system has no such files.</exception>
    public static SafeFileHandle Create(SafeFileHandle directory)
    {
        const uint ownersOnly = 0x180;
        fixed (byte* here = ".\0"u8)
        {
            const int flags = OpenFlags.ReadWrite | OpenFlags.CloseOnExec;
            return new SafeFileHandle((int)Posix.Check(PosixCalls.OpenAt(Posix.Descriptor(directory), here, OpenFlags.Unnamed | flags, ownersOnly)), ownsHandle: true);
        }
    }

    /// <summary>Gives it its name, unless that is taken.</summary>
    /// <exception cref="PosixError">It is taken, or /proc is not there.</exception>
    public static void GiveName(SafeFileHandle file, SafeFileHandle directory, string name)
    {
        const int follow = 0x400;
        var link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Posix.Descriptor(file)}\0");
        fixed (byte* from = Posix.Bytes(link), to = Posix.Bytes(name + "\0"))
        {
            Posix.Check(PosixCalls.LinkAt(Posix.Descriptor(Posix.Here), from, Posix.Descriptor(directory), to, follow));
        }
    }
}
