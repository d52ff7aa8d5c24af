using System.Runtime.InteropServices;

namespace VertexAr.Backup.Core;

/// <summary>
/// The checksum of gzip (RFC 1952, section 8), by the zlib that the runtime links in for its own gzip streams. That of
/// System.IO.Hashing goes byte by byte in a program compiled ahead of time, which makes it the slowest step of storing a file.
/// </summary>
internal static unsafe partial class Crc32
{
    /// <summary>The checksum of what <paramref name="crc"/> stands for, 0 for nothing, and these bytes after it.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            return bytes.IsEmpty ? crc : Of(crc, p, bytes.Length);
        }
    }

    [LibraryImport("libSystem.IO.Compression.Native", EntryPoint = "CompressionNative_Crc32")]
    private static partial uint Of(uint crc, byte* bytes, int count);
}
