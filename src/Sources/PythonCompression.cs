using System.IO.Compression;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>Unpacks an archive by what it begins with; its name may say anything.</summary>
internal static class PythonCompression
{
    private const int Enough = 6;

    /// <summary>The tar stream in an archive.</summary>
    /// <param name="archive">What is read.</param>
    /// <param name="content">Its bytes, from the beginning; stays open.</param>
    /// <exception cref="UserError">It is compressed in a way that this program does not know; says what to do.</exception>
    public static Stream Open(PythonArchive archive, PythonContent content)
    {
        var begin = new byte[Enough];
        var length = content.ReadAtLeast(begin, Enough, throwOnEndOfStream: false);
        var stream = new Begun(begin.AsMemory(0, length), content);
        return begin switch
        {
            [0x1F, 0x8B, ..] => new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true),
            [(byte)'B', (byte)'Z', (byte)'h', ..] => throw NeedsConverting(archive, "bzip2", "bzip2"),
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0] => throw NeedsConverting(archive, "xz", "xz-utils"),
            _ => stream,
        };
    }

    private static UserError NeedsConverting(PythonArchive archive, string program, string package)
    {
        var directory = Path.GetDirectoryName(archive.Files[0])!;
        // Whatever its parts, it is read through a pipe; the result's name makes it be found in place of what it was made of.
        return UserError.Failed(
            $"{archive.Name} is compressed with {program}, which this program does not read",
            $"convert it, with the package {package} installed: cat {Files(archive)} | {program} -dc > {Quoted(Path.Combine(directory, archive.Name + ".tar"))}");
    }

    /// <summary>Parts are many, and the shell puts them in order.</summary>
    private static string Files(PythonArchive archive)
    {
        const string part = ".part";
        var first = archive.Files[0];
        return archive.Files.Count == 1
            ? Quoted(first)
            : $"{Quoted(first[..(first.LastIndexOf(part, StringComparison.Ordinal) + part.Length)])}*{Path.GetExtension(first)}";
    }

    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A stream of which the first bytes were looked at.</summary>
    private sealed class Begun(ReadOnlyMemory<byte> begin, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> begin = begin;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (begin.Length == 0)
            {
                return rest.Read(buffer);
            }

            var n = Math.Min(buffer.Length, begin.Length);
            begin.Span[..n].CopyTo(buffer);
            begin = begin[n..];
            return n;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
