using System.IO.Compression;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Reads pieces out of a pack. Pieces of one gzip member that are asked for in their order are read in one pass.</summary>
internal sealed class PackReader : IDisposable
{
    private readonly FileStream file;
    private GZipStream? member;
    private PackEntries? entries;
    private long offset = -1;
    private int next;

    private PackReader(FileStream file) => this.file = file;

    /// <exception cref="DamageError">The pack is missing or cannot be opened.</exception>
    public static PackReader Open(Layout layout, Digest pack)
    {
        try
        {
            return new PackReader(new FileStream(RegularFile.Open(layout.Pack(pack)), FileAccess.Read, 128 * 1024));
        }
        catch (PosixError e)
        {
            throw new DamageError($"needs pack {pack}, which {(e.Number == PosixError.NotFound ? "is missing" : $"cannot be opened: {e.Message}")}", e);
        }
    }

    /// <summary>Hands on the bytes of a piece, in runs of the buffer's length.</summary>
    /// <exception cref="DamageError">The pack does not hold the piece.</exception>
    public void Read(Piece piece, byte[] buffer, Action<ReadOnlyMemory<byte>> take)
    {
        var content = Whole(() => Find(piece));
        while (Whole(() => content.Read(buffer)) is > 0 and var read)
        {
            take(buffer.AsMemory(0, read));
        }
    }

    public void Dispose()
    {
        member?.Dispose();
        file.Dispose();
    }

    /// <summary>After damage the next piece is looked for from the beginning of its member.</summary>
    private T Whole<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DamageError)
        {
            offset = -1;
            throw;
        }
        catch (InvalidDataException e)
        {
            // What the framework says of it is about ZIP archives, or about nothing.
            offset = -1;
            throw new DamageError("cannot be unpacked: its pack is no whole gzip file there", e);
        }
        catch (IOException e)
        {
            offset = -1;
            throw new DamageError($"cannot be read from its pack: {e.Message}", e);
        }
    }

    private PackEntries Find(in Piece piece)
    {
        if (piece.Offset != offset || piece.Entry < next)
        {
            Enter(piece.Offset);
        }

        long length;
        do
        {
            length = entries!.Next() ?? throw new DamageError("is not in its pack");
        }
        while (next++ < piece.Entry);

        return length == piece.Length ? entries : throw new DamageError($"is stored with {length} bytes");
    }

    private void Enter(long memberOffset)
    {
        member?.Dispose();
        file.Position = memberOffset;
        member = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
        entries = new PackEntries(member);
        (offset, next) = (memberOffset, 0);
    }
}
