using System.Buffers;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Writes a file in large writes and gathers its SHA-256, XXH128 and size on the way, so that nothing is read again.</summary>
/// <param name="file">The file, which is empty.</param>
/// <param name="bufferBytes">How much may wait to be hashed or written, at least <see cref="WriteBytes"/>.</param>
internal sealed class HashingStream(SafeFileHandle file, int bufferBytes = HashingStream.WriteBytes) : Outlet
{
    /// <summary>What is written at once, at least.</summary>
    public const int WriteBytes = 256 * 1024;

    /// <summary>After this many bytes the disk is told to begin, while the next are hashed.</summary>
    private const int WriteBehind = 8 << 20;

    private readonly Sha256 sha256 = new();
    private readonly XxHash128 xxh128 = new();
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(bufferBytes);
    private int filled;

    /// <summary>Of what is in the buffer.</summary>
    private int hashed;

    /// <summary>Bytes handed to the kernel.</summary>
    private long flushed;

    /// <summary>From where on bytes may still change.</summary>
    private long held = long.MaxValue;
    private long started;

    /// <summary>Bytes written so far.</summary>
    public override long Length => flushed + filled;

    /// <summary>Bytes that <see cref="HashBeside"/> could hash.</summary>
    public int Waiting => (int)(Math.Min(Length, held) - flushed) - hashed;

    /// <summary>Writes what is buffered, tells the disk to begin with it, and returns the hashes of all; nothing can be written after.</summary>
    public (Digest Sha256, UInt128 Xxh128) Finish()
    {
        WriteOut();
        StartWriting();
        GiveBuffer();
        return (sha256.Finish(), xxh128.GetCurrentHashAsUInt128());
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            // Not as soon as the buffer is full: what is held may end there.
            if (filled == bufferBytes)
            {
                WriteOut();
            }

            var n = Math.Min(bytes.Length, bufferBytes - filled);
            bytes[..n].CopyTo(buffer.AsSpan(filled));
            filled += n;
            bytes = bytes[n..];
        }
    }

    /// <summary>
    /// Makes sure that the next bytes, up to so many, lie in one run which <see cref="Held"/> can still change until more than
    /// those are written.
    /// </summary>
    /// <returns>Where the run begins.</returns>
    public long Hold(int bytes)
    {
        if (bufferBytes - filled < bytes)
        {
            WriteOut();
        }

        held = Length;
        return held;
    }

    /// <summary>Bytes of the run that <see cref="Hold"/> began there.</summary>
    public Span<byte> Held(long begin, int count) => buffer.AsSpan((int)(begin - flushed), count);

    /// <summary>Appends bytes to a hash of the caller's, and hashes beside it what waits here.</summary>
    public void HashBeside(Sha256 other, ReadOnlySpan<byte> bytes)
    {
        hashed += other.AppendBeside(bytes, sha256, buffer.AsSpan(hashed, Waiting));
        if (hashed >= WriteBytes)
        {
            Write(hashed);
        }
    }

    /// <summary>Hands everything to the kernel.</summary>
    public void WriteOut()
    {
        sha256.Append(buffer.AsSpan(hashed, filled - hashed));
        hashed = filled;
        held = long.MaxValue;
        Write(filled);
    }

    /// <summary>Hands the first bytes of the buffer to the kernel, which are hashed.</summary>
    private void Write(int count)
    {
        var bytes = buffer.AsSpan(0, count);
        xxh128.Append(bytes);
        Posix.Write(file, bytes);
        buffer.AsSpan(count, filled - count).CopyTo(buffer);
        filled -= count;
        hashed -= count;
        flushed += count;
        if (flushed - started >= WriteBehind)
        {
            StartWriting();
        }
    }

    protected override void Dispose(bool disposing)
    {
        GiveBuffer();
        base.Dispose(disposing);
    }

    /// <summary>For the next pack: to touch new memory for each would take longer than to write into it.</summary>
    private void GiveBuffer()
    {
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }

    private void StartWriting()
    {
        Posix.StartWriting(file, started, flushed - started);
        started = flushed;
    }
}
