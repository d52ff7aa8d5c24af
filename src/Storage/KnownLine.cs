using System.Buffers;
using System.Buffers.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// An earlier list's line for a file of one piece, whose text up to the content is what would be written today: it need not be
/// read, only copied, with the number of its pack in the new table.
/// </summary>
internal sealed class KnownLine
{
    private static readonly SearchValues<byte> Hexadecimal = SearchValues.Create("0123456789abcdef"u8);

    private readonly byte[] line;
    private readonly int packAt;
    private readonly int packEnd;

    private KnownLine(byte[] line, int packAt, int packEnd, int pack)
    {
        this.line = line;
        this.packAt = packAt;
        this.packEnd = packEnd;
        Pack = pack;
    }

    private static ReadOnlySpan<byte> BeforeDigest => ",\"sha256\":\""u8;

    /// <summary>The pack's line in the earlier list's table.</summary>
    public int Pack { get; }

    /// <summary>Up to the number of the pack.</summary>
    public ReadOnlySpan<byte> BeforePack => line.AsSpan(0, packAt);

    /// <summary>From the number of the pack on.</summary>
    public ReadOnlySpan<byte> AfterPack => line.AsSpan(packEnd);

    /// <summary>Recognizes a line that goes on after its head with one piece of a length, exactly as we write it; null for any other.</summary>
    /// <param name="line">Without the line feed.</param>
    /// <param name="head">Length of what is compared already.</param>
    /// <param name="length">Of the content, in bytes.</param>
    public static KnownLine? Of(ReadOnlySpan<byte> line, int head, long length) =>
        TryReadContent(line[head..], out var piece, out var digest, out var packAt, out var packEnd)
        && piece.Length == length && !digest.ContainsAnyExcept(Hexadecimal)
            ? new KnownLine(line.ToArray(), head + packAt, head + packEnd, piece.Pack)
            : null;

    /// <summary>The piece of a line with one piece, found without reading the rest; false for any other line.</summary>
    public static bool TryFindPiece(ReadOnlySpan<byte> line, out Piece piece)
    {
        // No text value can hold this: a quotation mark inside one has a backslash before it.
        var content = line.LastIndexOf(BeforeDigest);
        piece = default;
        if (content < 0 || !TryReadContent(line[content..], out var found, out var digest, out _, out _) || !Digest.TryParse(digest, out var sha256))
        {
            return false;
        }

        piece = found with { Sha256 = sha256 };
        return true;
    }

    /// <summary>Reads all of a piece but its digest, of which it finds the text.</summary>
    private static bool TryReadContent(
        ReadOnlySpan<byte> content, out Piece piece, out ReadOnlySpan<byte> digest, out int packAt, out int packEnd)
    {
        (piece, packAt, packEnd) = (default, 0, 0);
        digest = default;
        var rest = content;
        if (!Skip(ref rest, BeforeDigest) || !TakeDigest(ref rest, out digest) || !Skip(ref rest, "\",\"pieces\":[["u8))
        {
            return false;
        }

        packAt = content.Length - rest.Length;
        if (!TakeNumber(ref rest, int.MaxValue, out var pack))
        {
            return false;
        }

        packEnd = content.Length - rest.Length;
        if (Skip(ref rest, ","u8) && TakeNumber(ref rest, long.MaxValue, out var offset)
            && Skip(ref rest, ","u8) && TakeNumber(ref rest, int.MaxValue, out var entry)
            && Skip(ref rest, ","u8) && TakeNumber(ref rest, long.MaxValue, out var length)
            && Skip(ref rest, ",\""u8) && TakeDigest(ref rest, out var again) && again.SequenceEqual(digest)
            && rest.SequenceEqual("\"]]}"u8))
        {
            piece = new Piece((int)pack, offset, (int)entry, length, default);
            return true;
        }

        return false;
    }

    private static bool Skip(scoped ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        var matches = rest.StartsWith(expected);
        rest = matches ? rest[expected.Length..] : rest;
        return matches;
    }

    private static bool TakeDigest(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        text = rest.Length >= Digest.TextSize ? rest[..Digest.TextSize] : default;
        rest = rest[text.Length..];
        return !text.IsEmpty;
    }

    private static bool TakeNumber(scoped ref ReadOnlySpan<byte> rest, long most, out long number)
    {
        var matches = Utf8Parser.TryParse(rest, out number, out var used) && rest[0] is >= (byte)'0' and <= (byte)'9' && number <= most;
        rest = rest[used..];
        return matches;
    }
}
