namespace VertexAr.Backup.Storage;

/// <summary>
/// A gzip file of nothing. GZipStream writes no byte at all when it is given none, and gzip(1) calls an empty file cut short;
/// a site of empty files has an empty pack table.
/// </summary>
internal static class EmptyGzip
{
    /// <summary>RFC 1952: a header without name and time, one final empty block, and a CRC and length of zero.</summary>
    public static ReadOnlySpan<byte> File => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}
