using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Writes a file in large writes and gathers its SHA-256, XXH128 and size on the way, so that nothing is read again.</summary>
internal sealed class HashingStream(SafeFileHandle file) : Outlet
{
    /// <summary>What is written at once.</summary>
    public const int BufferBytes = 256 * 1024;

    /// <summary>After this many bytes the disk is told to begin, while the next are hashed.</summary>
    private const int WriteBehind = 8 << 20;

    private readonly Sha256 sha256 = new();
    private readonly XxHash128 xxh128 = new();
    private readonly byte[] buffer = new byte[BufferBytes];
    private int filled;
    private long flushed;
    private long started;

    /// <summary>Bytes written so far.</summary>
    public override long Length => flushed + filled;

    /// <summary>Writes what is buffered, tells the disk to begin with it, and returns the hashes of all; nothing can be written after.</summary>
    public (Digest Sha256, UInt128 Xxh128) Finish()
    {
        WriteOut();
        StartWriting();
        return (sha256.Finish(), xxh128.GetCurrentHashAsUInt128());
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            // Not as soon as the buffer is full: what is held may end there.
            if (filled == buffer.Length)
            {
                WriteOut();
            }

            var n = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..n].CopyTo(buffer.AsSpan(filled));
            filled += n;
            bytes = bytes[n..];
        }
    }

    /// <summary>
    /// Makes sure that the next bytes, up to so many, lie in one run which <see cref="Held"/> can still change until more than
    /// those are written.
    /// </summary>
    /// <returns>What to call the run's beginning.</returns>
    public int Hold(int bytes)
    {
        if (buffer.Length - filled < bytes)
        {
            WriteOut();
        }

        return filled;
    }

    /// <summary>Bytes of the run that <see cref="Hold"/> began there.</summary>
    public Span<byte> Held(int begin, int count) => buffer.AsSpan(begin, count);

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

    private void StartWriting()
    {
        Posix.StartWriting(file, started, flushed - started);
        started = flushed;
    }
}
