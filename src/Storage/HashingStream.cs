using System.IO.Hashing;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Writes a file in large writes and gathers its SHA-256, XXH128 and size on the way, so that nothing is read again.</summary>
internal sealed class HashingStream(SafeFileHandle file) : Stream
{
    /// <summary>After this many bytes the disk is told to begin, while the next are hashed.</summary>
    private const int WriteBehind = 8 << 20;

    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly XxHash128 xxh128 = new();
    private readonly byte[] buffer = new byte[256 * 1024];
    private int filled;
    private long flushed;
    private long started;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    /// <summary>Bytes written so far.</summary>
    public override long Length => flushed + filled;

    public override long Position { get => Length; set => throw new NotSupportedException(); }

    /// <summary>Writes what is buffered and returns the hashes of all; nothing can be written after.</summary>
    public (Digest Sha256, UInt128 Xxh128) Finish()
    {
        WriteOut();
        return (Digest.Finish(sha256), xxh128.GetCurrentHashAsUInt128());
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var n = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..n].CopyTo(buffer.AsSpan(filled));
            filled += n;
            bytes = bytes[n..];
            if (filled == buffer.Length)
            {
                WriteOut();
            }
        }
    }

    public override void Write(byte[] array, int offset, int count) => Write(array.AsSpan(offset, count));

    /// <summary>Nothing: the compressor flushes often, and small writes are what this stream is there to avoid.</summary>
    public override void Flush()
    {
    }

    /// <summary>Hands everything to the kernel.</summary>
    public void WriteOut()
    {
        var bytes = buffer.AsSpan(0, filled);
        sha256.AppendData(bytes);
        xxh128.Append(bytes);
        Posix.Write(file, bytes);
        flushed += filled;
        filled = 0;
        if (flushed - started >= WriteBehind)
        {
            Posix.StartWriting(file, started, flushed - started);
            started = flushed;
        }
    }

    public override int Read(byte[] array, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            sha256.Dispose();
        }

        base.Dispose(disposing);
    }
}
