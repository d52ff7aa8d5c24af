using System.IO.Compression;

namespace VertexAr.Backup.Storage;

/// <summary>How pieces are stored.</summary>
/// <param name="PackBytes">Input after which a pack ends, and the longest piece.</param>
/// <param name="Level">zlib's level, 0 to 9, for what is worth compressing.</param>
/// <param name="MinFreeBytes">A run stops before less than this is left on the disk.</param>
internal sealed record StoreOptions(long PackBytes, int Level, long MinFreeBytes)
{
    internal ZLibCompressionOptions Compressed { get; } = new() { CompressionLevel = Level };

    internal ZLibCompressionOptions Stored { get; } = new() { CompressionLevel = 0 };
}
