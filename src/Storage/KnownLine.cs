using System.Buffers;
using System.Buffers.Text;
using VertexAr.Backup.Core;

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
    public static KnownLine? Of(ReadOnlySpan<byte> line, int head, long length)
    {
        var rest = line[head..];
        if (!Skip(ref rest, ",\"sha256\":\""u8) || !TakeDigest(ref rest, out var sha256) || !Skip(ref rest, "\",\"pieces\":[["u8))
        {
            return null;
        }

        var packAt = line.Length - rest.Length;
        if (!TakeNumber(ref rest, out var pack) || pack > int.MaxValue)
        {
            return null;
        }

        var packEnd = line.Length - rest.Length;
        return Skip(ref rest, ","u8) && TakeNumber(ref rest, out _)
            && Skip(ref rest, ","u8) && TakeNumber(ref rest, out var entry) && entry <= int.MaxValue
            && Skip(ref rest, ","u8) && TakeNumber(ref rest, out var bytes) && bytes == length
            && Skip(ref rest, ",\""u8) && TakeDigest(ref rest, out var again) && again.SequenceEqual(sha256)
            && rest.SequenceEqual("\"]]}"u8)
            ? new KnownLine(line.ToArray(), packAt, packEnd, (int)pack)
            : null;
    }

    private static bool Skip(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> expected)
    {
        var matches = rest.StartsWith(expected);
        rest = matches ? rest[expected.Length..] : rest;
        return matches;
    }

    private static bool TakeDigest(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        text = rest.Length >= Digest.TextSize ? rest[..Digest.TextSize] : default;
        rest = rest[text.Length..];
        return !text.IsEmpty && !text.ContainsAnyExcept(Hexadecimal);
    }

    private static bool TakeNumber(ref ReadOnlySpan<byte> rest, out long number)
    {
        var matches = Utf8Parser.TryParse(rest, out number, out var used) && number >= 0;
        rest = rest[used..];
        return matches;
    }
}
