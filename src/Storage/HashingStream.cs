using System.IO.Hashing;
using System.Security.Cryptography;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Writes a file in large writes and gathers its SHA-256, XXH128 and size on the way, so that nothing is read again.</summary>
internal sealed class HashingStream(IBlockOutput output) : Outlet
{
    /// <summary>Until its end a file is written in multiples of this.</summary>
    private const int Page = 4096;

    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly XxHash128 xxh128 = new();
    private int filled;
    private long passed;

    /// <summary>Bytes written so far.</summary>
    public override long Length => passed + filled;

    /// <summary>Passes on what is buffered and returns the hashes of all; nothing can be written after.</summary>
    public (Digest Sha256, UInt128 Xxh128) Finish()
    {
        Hash(filled);
        output.End(filled);
        (passed, filled) = (passed + filled, 0);
        return (Digest.Finish(sha256), xxh128.GetCurrentHashAsUInt128());
    }

    /// <summary>Returns when everything that was passed on is with the kernel.</summary>
    public void Wait() => output.Wait();

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            // Not as soon as the buffer is full: what is held may end there.
            if (filled == output.Buffer.Length)
            {
                Pass(filled);
            }

            var room = output.Buffer[filled..];
            var n = Math.Min(bytes.Length, room.Length);
            bytes[..n].CopyTo(room);
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
        if (output.Buffer.Length - filled < bytes)
        {
            Pass(filled - (filled % Page));
        }

        return filled;
    }

    /// <summary>Bytes of the run that <see cref="Hold"/> began there.</summary>
    public Span<byte> Held(int begin, int count) => output.Buffer.Slice(begin, count);

    /// <summary>Passes on everything.</summary>
    public void WriteOut() => Pass(filled);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            output.Dispose();
            sha256.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Pass(int count)
    {
        Hash(count);
        output.Pass(count, filled);
        (passed, filled) = (passed + count, filled - count);
    }

    private void Hash(int count)
    {
        var bytes = output.Buffer[..count];
        sha256.AppendData(bytes);
        xxh128.Append(bytes);
    }
}
