using System.IO.Compression;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>How long a line may be, in bytes.</summary>
/// <param name="begin">What of it is read.</param>
internal delegate long LineLimit(ReadOnlySpan<byte> begin);

/// <summary>
/// Reads a gzipped file of lines, one at a time, in memory that holds the longest line. A few kilobytes can stand for a line of
/// gigabytes: what is longer than its kind can be is not read.
/// </summary>
internal sealed class LineReader : IDisposable
{
    private readonly GZipStream stream;
    private readonly LineLimit longest;
    private byte[] buffer = new byte[128 * 1024];
    private int begin;
    private int end;
    private int current;
    private int currentEnd;
    private bool ended;

    /// <param name="compressed">The file; it is closed with the reader.</param>
    /// <param name="longest">Asked now and then while a long line is read.</param>
    public LineReader(Stream compressed, LineLimit longest) =>
        (stream, this.longest) = (new GZipStream(compressed, CompressionMode.Decompress), longest);

    /// <summary>Opens a file of ours.</summary>
    public static LineReader Open(string path, LineLimit longest) =>
        new(new FileStream(RegularFile.Open(path), FileAccess.Read, 64 * 1024), longest);

    /// <summary>The line that was read last, without its line feed.</summary>
    public ReadOnlyMemory<byte> CurrentMemory => buffer.AsMemory(current, currentEnd - current);

    /// <summary>The same.</summary>
    public ReadOnlySpan<byte> Current => CurrentMemory.Span;

    /// <summary>The next line without its line feed, valid until the next call; false at the end.</summary>
    /// <exception cref="DamageError">The file is cut short, is not gzip, holds too long a line, or lies where the disk cannot read.</exception>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var searched = begin;
        while (true)
        {
            var feed = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                (current, currentEnd) = (begin, searched + feed);
                line = Current;
                begin = currentEnd + 1;
                return true;
            }

            if (ended)
            {
                line = default;
                return end == begin ? false : throw new DamageError("ends within a line");
            }

            searched = end - begin;
            Fill();
        }
    }

    public void Dispose() => stream.Dispose();

    private void Fill()
    {
        buffer.AsSpan(begin, end - begin).CopyTo(buffer);
        (begin, end) = (0, end - begin);
        if (end == buffer.Length)
        {
            if (buffer.Length >= longest(buffer))
            {
                throw new DamageError("holds a line that is too long");
            }

            Array.Resize(ref buffer, buffer.Length * 2);
        }

        try
        {
            var n = stream.Read(buffer, end, buffer.Length - end);
            ended = n == 0;
            end += n;
        }
        catch (InvalidDataException e)
        {
            throw new DamageError("is no whole gzip file", e);
        }
        catch (IOException e)
        {
            // A bad sector under an old list is damage to that list, not the end of every later backup.
            throw new DamageError($"cannot be read: {e.Message}", e);
        }
    }
}
