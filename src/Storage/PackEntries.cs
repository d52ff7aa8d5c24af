using System.Buffers.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Reads the tar entries of a pack one after the other: regular files, with PAX headers where they have one. What else tar
/// knows does not occur in packs and is damage. A general reader makes as much room as a header asks for; a pack may come from
/// anywhere, and this one needs little whatever it holds.
/// </summary>
/// <remarks>The format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06</remarks>
internal sealed class PackEntries(Stream stream)
{
    private const int Block = 512;

    /// <summary>A PAX header holds a name of at most some ten kilobytes.</summary>
    private const int LargestHeader = 64 * 1024;

    private readonly byte[] header = new byte[Block];
    private readonly byte[] passed = new byte[16 * 1024];
    private long left;
    private long padding;

    /// <summary>Goes to the next entry; its length in bytes, or null if there is none.</summary>
    /// <exception cref="DamageError">This is no pack.</exception>
    public long? Next()
    {
        Pass(left + padding);
        (left, padding) = (0, 0);
        long? length = null;
        while (stream.ReadAtLeast(header, Block, throwOnEndOfStream: false) == Block && header.AsSpan().ContainsAnyExcept((byte)0))
        {
            Check();
            var size = Number(header.AsSpan(124, 12));
            switch (header[156])
            {
                case (byte)'x':
                    length = LengthInPax(size);
                    break;
                case (byte)'0' or 0:
                    left = length ?? size;
                    padding = -left & (Block - 1);
                    return left;
                default:
                    throw Damage();
            }
        }

        return null;
    }

    /// <summary>Fills the buffer from the entry; less only at its end.</summary>
    /// <exception cref="DamageError">The pack ends before the entry does.</exception>
    public int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, left);
        if (stream.ReadAtLeast(buffer[..wanted], wanted, throwOnEndOfStream: false) < wanted)
        {
            throw new DamageError("is stored cut short");
        }

        left -= wanted;
        return wanted;
    }

    private static DamageError Damage() => new("is in a pack that holds what no pack does");

    /// <summary>The sum of all bytes of the header, its own field counted as blanks.</summary>
    private void Check()
    {
        var sum = 8 * ' ';
        for (var i = 0; i < Block; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : header[i];
        }

        if (sum != Number(header.AsSpan(148, 8)))
        {
            throw Damage();
        }
    }

    private static long Number(ReadOnlySpan<byte> field) => TarNumber.Read(field) is >= 0 and var number ? number : throw Damage();

    /// <summary>Of records "LENGTH KEY=VALUE\n", the value of <c>size</c>.</summary>
    private long? LengthInPax(long size)
    {
        if (size > LargestHeader)
        {
            throw Damage();
        }

        var content = new byte[size];
        stream.ReadExactly(content);
        Pass(-size & (Block - 1));
        long? length = null;
        for (var rest = content.AsSpan(); rest.Length > 0;)
        {
            if (!Utf8Parser.TryParse(rest, out int record, out var digits) || record <= digits + 1 || record > rest.Length)
            {
                throw Damage();
            }

            var text = rest[(digits + 1)..(record - 1)];
            if (text.StartsWith("size="u8))
            {
                length = Utf8Parser.TryParse(text[5..], out long value, out _) && value >= 0 ? value : throw Damage();
            }

            rest = rest[record..];
        }

        return length;
    }

    private void Pass(long bytes)
    {
        while (bytes > 0)
        {
            var n = stream.Read(passed, 0, (int)Math.Min(passed.Length, bytes));
            bytes = n > 0 ? bytes - n : throw new DamageError("is in a pack that is cut short");
        }
    }
}
