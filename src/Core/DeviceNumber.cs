using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>The numbers by which the kernel knows a device.</summary>
internal readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>As glibc's makedev: twelve bits of the major number and eight of the minor one stand where they always did.</summary>
    private ulong Packed => ((Major & 0xFFFUL) << 8) | ((Major & 0xFFFFF000UL) << 32) | (Minor & 0xFFUL) | ((Minor & 0xFFFFFF00UL) << 12);

    /// <summary>Makes a device node that only its owner may open. Nothing is opened.</summary>
    /// <exception cref="PosixError">Only root may, and not every file system can.</exception>
    public void Make(SafeFileHandle directory, ReadOnlySpan<byte> name, bool isBlock) => Make(directory, name, isBlock ? 0x6000u : 0x2000u, Packed);

    /// <summary>Makes a FIFO that only its owner may open. Nothing is opened.</summary>
    public static void MakeFifo(SafeFileHandle directory, ReadOnlySpan<byte> name) => Make(directory, name, 0x1000, 0);

    private static unsafe void Make(SafeFileHandle directory, ReadOnlySpan<byte> name, uint type, ulong device)
    {
        const uint onlyOurs = 0x180;
        fixed (byte* text = (byte[])[.. name, 0])
        {
            Posix.Check(PosixCalls.MakeNodeAt(Posix.Descriptor(directory), text, type | onlyOurs, device));
        }
    }
}
