using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>
/// The bytes of a backup of the Python system as one stream, whatever number of files they lie in, hashed as they pass. The
/// parts of a split archive mean something only together.
/// </summary>
internal sealed class PythonContent : Stream
{
    private readonly IReadOnlyList<string> files;
    private readonly Action<long> passed;
    private readonly Sha256 whole = new();
    private readonly Sha256 part = new();
    private readonly List<(long Bytes, Digest Sha256)> parts = [];
    private SafeFileHandle? file;
    private long at;

    /// <param name="archive">What to read.</param>
    /// <param name="passed">Told how many bytes were read.</param>
    public PythonContent(PythonArchive archive, Action<long> passed)
    {
        files = archive.Files;
        this.passed = passed;
    }

    /// <summary>Size and SHA-256 of each file that was read to its end.</summary>
    public IReadOnlyList<(long Bytes, Digest Sha256)> Parts => parts;

    /// <summary>The file that is being read, or was read last.</summary>
    public string Current => files[Math.Min(parts.Count, files.Count - 1)];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads what is left. The SHA-256 of everything; nothing can be read after that.</summary>
    public Digest Finish()
    {
        Span<byte> rest = new byte[64 * 1024];
        while (Read(rest) > 0)
        {
            // Hashed by reading.
        }

        return whole.Finish();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <exception cref="DamageError">A file cannot be read.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (parts.Count < files.Count)
        {
            int n;
            try
            {
                file ??= Open(files[parts.Count]);
                n = Posix.ReadAt(file, buffer, at);
            }
            catch (PosixError e)
            {
                throw new DamageError($"has a file {files[parts.Count]} that cannot be read: {e.Message}", e);
            }

            if (n > 0)
            {
                whole.Append(buffer[..n]);
                part.Append(buffer[..n]);
                at += n;
                passed(n);
                return n;
            }

            parts.Add((at, part.Finish()));
            file.Dispose();
            (file, at) = (null, 0);
        }

        return 0;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        file?.Dispose();
        whole.Dispose();
        part.Dispose();
        base.Dispose(disposing);
    }

    private static SafeFileHandle Open(string path)
    {
        var file = LinkTrust.OpenToRead(path);
        Posix.AdviseSequential(file);
        return file;
    }
}
