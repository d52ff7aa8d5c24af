using System.Buffers.Text;

namespace VertexAr.Backup.Model;

/// <summary>
/// How long a line of a file list can be. Its pieces are as many as its size allows: a file of 6 TB makes a line of 10 MB, a database of
/// 100 GB one of 180 MB. All the rest is short.
/// </summary>
internal static class FileLineLength
{
    /// <summary>Path and target, each byte escaped; a megabyte of attributes in base64; two ACLs with all the entries that the kernel keeps.</summary>
    private const int LongestHead = 4 << 20;

    /// <summary>Four numbers and a SHA-256.</summary>
    private const int LongestPiece = 160;

    /// <summary>Databases are cut every 64 KiB, and files by their holes, none of which is smaller.</summary>
    private const int ShortestPiece = 32 * 1024;

    /// <summary>Ends of files, and what is between holes.</summary>
    private const int OtherPieces = 10_000;

    private const long LongestOfAll = 1L << 29;

    /// <summary>The most bytes that a line may have.</summary>
    /// <param name="begin">What of it is known.</param>
    public static long Longest(ReadOnlySpan<byte> begin)
    {
        var key = ",\"size\":"u8;
        var (size, pieces) = (begin.IndexOf(key), begin.IndexOf(",\"pieces\":["u8));
        return size < 0 || pieces < size || !Utf8Parser.TryParse(begin[(size + key.Length)..], out long bytes, out _) || bytes < 0
            ? LongestHead
            : Math.Min(LongestOfAll, LongestHead + LongestPiece * ((bytes / ShortestPiece) + OtherPieces));
    }
}
