using System.Buffers.Binary;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// A gzip member that holds its content as it is, in blocks of deflate's type "stored" (RFC 1951, section 3.2.4). A compressor
/// at level 0 makes the same, but sets up its tables for each member and copies every byte twice.
/// </summary>
internal sealed class StoredGzip : Outlet
{
    private const int BlockHeader = 5;
    private const int LongestBlock = ushort.MaxValue;

    private readonly HashingStream output;
    private uint crc;
    private uint size;
    private long block;
    private int blockSize;

    /// <param name="output">Written to by nobody else until this is disposed of, which ends the member.</param>
    public StoredGzip(HashingStream output)
    {
        this.output = output;
        // Deflate; no name, no time; neither the best nor the fastest; Unix.
        output.Write([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]);
        BeginBlock();
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (blockSize == LongestBlock)
            {
                EndBlock(isLast: false);
                BeginBlock();
            }

            var now = bytes[..Math.Min(bytes.Length, LongestBlock - blockSize)];
            crc = Crc32.Append(crc, now);
            output.Write(now);
            blockSize += now.Length;
            size = unchecked(size + (uint)now.Length);
            bytes = bytes[now.Length..];
        }
    }

    protected override void Dispose(bool disposing)
    {
        EndBlock(isLast: true);
        Span<byte> trailer = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, crc);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], size);
        output.Write(trailer);
        base.Dispose(disposing);
    }

    private void BeginBlock()
    {
        block = output.Hold(BlockHeader + LongestBlock);
        blockSize = 0;
        output.Write(stackalloc byte[BlockHeader]);
    }

    private void EndBlock(bool isLast)
    {
        var header = output.Held(block, BlockHeader);
        header[0] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(header[1..], (ushort)blockSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[3..], (ushort)~blockSize);
    }
}
