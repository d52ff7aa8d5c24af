using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

/// <summary>
/// Standard output or error as what it is, a file descriptor. System.Console would do, but it looks up encodings and
/// terminal descriptions first, and start-up time is part of the contract.
/// </summary>
internal sealed class DescriptorStream(int descriptor) : Outlet
{
    /// <summary>File descriptors of standard output and standard error.</summary>
    public const int Out = 1;
    public const int Error = 2;

    /// <exception cref="IOException">The reader is gone, the disk is full, or the descriptor is not open for writing.</exception>
    public override void Write(ReadOnlySpan<byte> bytes)
    {
        // Not owned: whoever started the process closes it.
        using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
        Posix.Write(handle, bytes);
    }
}
