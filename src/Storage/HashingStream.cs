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

    /// <summary>Bytes handed to the kernel.</summary>
    private long flushed;
    private long started;

    /// <summary>Bytes written so far.</summary>
    public override long Length => flushed + filled;

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

        return Length;
    }

    /// <summary>Bytes of the run that <see cref="Hold"/> began there.</summary>
    public Span<byte> Held(long begin, int count) => buffer.AsSpan((int)(begin - flushed), count);

    /// <summary>Hands everything to the kernel.</summary>
    public void WriteOut()
    {
        var bytes = buffer.AsSpan(0, filled);
        sha256.Append(bytes);
        xxh128.Append(bytes);
        Posix.Write(file, bytes);
        flushed += filled;
        filled = 0;
        if (flushed - started >= WriteBehind)
        {
            StartWriting();
        }
    }

    protected override void Dispose(bool disposing)
    {
        GiveBuffer();
        sha256.Dispose();
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
