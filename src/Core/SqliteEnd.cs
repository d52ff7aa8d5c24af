using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Whether a database file ends too early, as after a loss of power. SQLite takes zeros for what its last page lacks, and so for
/// content. https://www.sqlite.org/fileformat2.html#in_header_database_size
/// </summary>
internal static class SqliteEnd
{
    /// <summary>As many bytes of the file as say how long it is.</summary>
    public const int HeaderLength = 100;

    /// <summary>Says how a file lacks its end; null if it does not, or is no database.</summary>
    /// <param name="path">The database file, which nobody writes to.</param>
    public static string? Complaint(string path)
    {
        try
        {
            var header = new byte[HeaderLength];
            using var file = RegularFile.Open(path);
            return Posix.ReadAt(file, header, 0) == header.Length && header.AsSpan().StartsWith(SqliteFile.Magic) ? Complaint(path, header) : null;
        }
        catch (PosixError)
        {
            return null; // Opening it will say why.
        }
    }

    /// <summary>The same.</summary>
    /// <param name="path">The database file; whoever might write to it is kept from that, except for a log.</param>
    /// <param name="header">Its first bytes, with what its log has of them.</param>
    public static string? Complaint(string path, ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderLength || PageSize(header) is not { } page || Posix.StatusOrNull(path) is not { } file)
        {
            return null;
        }

        var (there, isTorn) = (file.Size / page, file.Size % page != 0);
        var counted = BinaryPrimitives.ReadUInt32BigEndian(header[28..]);
        var isValid = counted > 0 && BinaryPrimitives.ReadUInt32BigEndian(header[24..]) == BinaryPrimitives.ReadUInt32BigEndian(header[92..]);
        var pages = isValid ? counted : there + (isTorn ? 1 : 0);
        if (there >= pages)
        {
            return null;
        }

        if (Posix.StatusOrNull(path + SqliteCompanions.Log) is { Size: > 0 })
        {
            // Pages that are only in the log are nowhere else yet.
            return isTorn && !IsInLog(path + SqliteCompanions.Log, there + 1) ? Middle(there + 1, pages) : null;
        }

        return isTorn ? Middle(there + 1, pages) : $"the file ends after page {there} of {pages}";
    }

    private static string Middle(long page, long pages) => $"the file ends in the middle of page {page} of {pages}";

    private static int? PageSize(ReadOnlySpan<byte> header)
    {
        const int least = 512, most = 65536;
        var size = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        return size == 1 ? most : size >= least && int.IsPow2(size) ? size : null;
    }

    /// <summary>Whether a log has a page; what it has of earlier rounds does not count. https://www.sqlite.org/fileformat2.html#wal_file_format</summary>
    private static bool IsInLog(string log, long page)
    {
        const int headerLength = 32, frameHeaderLength = 24;
        using SafeFileHandle file = RegularFile.Open(log);
        Span<byte> header = stackalloc byte[headerLength];
        Span<byte> frame = stackalloc byte[frameHeaderLength];
        if (Posix.ReadAt(file, header, 0) < header.Length)
        {
            return false;
        }

        var step = frameHeaderLength + (long)BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        for (long at = headerLength; Posix.ReadAt(file, frame, at) == frame.Length && frame[8..16].SequenceEqual(header[16..24]); at += step)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(frame) == page)
            {
                return true;
            }
        }

        return false;
    }
}
