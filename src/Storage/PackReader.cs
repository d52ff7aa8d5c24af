using System.Formats.Tar;
using System.IO.Compression;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Reads pieces out of a pack. Pieces of one gzip member that are asked for in their order are read in one pass.</summary>
internal sealed class PackReader : IDisposable
{
    private readonly FileStream file;
    private GZipStream? member;
    private TarReader? tar;
    private long offset = -1;
    private int next;

    private PackReader(FileStream file) => this.file = file;

    /// <exception cref="DamageError">The pack is missing or cannot be opened.</exception>
    public static PackReader Open(Layout layout, Digest pack)
    {
        try
        {
            return new PackReader(new FileStream(Posix.OpenToRead(Posix.Here, Posix.Bytes(layout.Pack(pack))), FileAccess.Read, 128 * 1024));
        }
        catch (PosixError e)
        {
            throw new DamageError($"needs pack {pack}, which {(e.Number == PosixError.NotFound ? "is missing" : $"cannot be opened: {e.Message}")}", e);
        }
    }

    /// <summary>Hands on the bytes of a piece, in runs of the buffer's length.</summary>
    /// <exception cref="DamageError">The pack does not hold the piece.</exception>
    public void Read(in Piece piece, byte[] buffer, Action<ReadOnlyMemory<byte>> take)
    {
        try
        {
            var content = Find(piece);
            for (var left = piece.Length; left > 0;)
            {
                // The reader yields a few kilobytes at a time; what takes them makes a system call of each run.
                var wanted = (int)Math.Min(buffer.Length, left);
                if (content.ReadAtLeast(buffer.AsSpan(0, wanted), wanted, throwOnEndOfStream: false) < wanted)
                {
                    throw new DamageError("is stored cut short");
                }

                take(buffer.AsMemory(0, wanted));
                left -= wanted;
            }
        }
        catch (DamageError)
        {
            offset = -1;
            throw;
        }
        catch (Exception e) when (IsDamage(e))
        {
            offset = -1;
            throw new DamageError($"cannot be read from its pack: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        tar?.Dispose();
        member?.Dispose();
        file.Dispose();
    }

    /// <summary>What the tar and gzip readers throw at bytes that are not what they should be, and what a bad disk does.</summary>
    internal static bool IsDamage(Exception error) =>
        error is InvalidDataException or EndOfStreamException or FormatException or IOException
            or InvalidOperationException or ArgumentException or OverflowException;

    private Stream Find(in Piece piece)
    {
        if (piece.Offset != offset || piece.Entry < next)
        {
            Enter(piece.Offset);
        }

        TarEntry? entry;
        do
        {
            entry = tar!.GetNextEntry() ?? throw new DamageError("is not in its pack");
        }
        while (next++ < piece.Entry);

        return entry.DataStream is { } content && entry.Length == piece.Length
            ? content
            : throw new DamageError($"is stored with {entry.Length} bytes");
    }

    private void Enter(long memberOffset)
    {
        tar?.Dispose();
        member?.Dispose();
        file.Position = memberOffset;
        member = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        tar = new TarReader(member, leaveOpen: true);
        (offset, next) = (memberOffset, 0);
    }
}
