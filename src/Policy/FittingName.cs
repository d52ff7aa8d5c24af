using System.Buffers;
using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Policy;

/// <summary>
/// The readable name that something gets where the file system does not take its own: what Windows reserves, and what is no text, becomes an
/// underscore, and before the extension comes a tilde with the beginning of the SHA-256 of the name as it was, as in <c>a_b~1f2e3d4c.jpg</c>.
/// So it depends on the name alone, and two names have different ones.
/// </summary>
internal static class FittingName
{
    private const int LongestExtension = 16;

    // What a place refuses is unknown: so one after the other is tried, each of which asks less of it.
    private static readonly (int Longest, int Digits, bool IsAscii)[] Tries = [(240, 8, false), (240, 16, false), (120, 16, true), (60, 24, true)];

    /// <summary>Names to try, the best one first.</summary>
    public static IEnumerable<byte[]> Of(byte[] name)
    {
        var digest = Sha256.Of(name).ToString();
        return Tries.Select(one => Of(name, digest[..one.Digits], one.Longest, one.IsAscii));
    }

    /// <summary>Whether a name is UTF-8.</summary>
    public static bool IsText(ReadOnlySpan<byte> name)
    {
        for (; !name.IsEmpty; name = name[Length(name)..])
        {
            if (Rune.DecodeFromUtf8(name, out _, out _) != OperationStatus.Done)
            {
                return false;
            }
        }

        return true;
    }

    private static byte[] Of(byte[] name, string digits, int longest, bool isAscii)
    {
        var (stem, extension) = Split(Clean(name, isAscii));
        var tail = Encoding.UTF8.GetBytes($"~{digits}{extension}");
        var kept = Encoding.UTF8.GetBytes(stem);
        if (kept.Length + tail.Length > longest)
        {
            var end = longest - tail.Length;
            while ((kept[end] & 0xC0) == 0x80)
            {
                end--;
            }

            kept = kept[..end];
        }

        return [.. kept, .. tail];
    }

    /// <summary>Without dots and blanks at its end, too.</summary>
    private static string Clean(ReadOnlySpan<byte> name, bool isAscii)
    {
        var text = new StringBuilder();
        for (; !name.IsEmpty; name = name[Length(name)..])
        {
            var isText = Rune.DecodeFromUtf8(name, out var rune, out _) == OperationStatus.Done;
            text.Append(!isText || Rune.IsControl(rune) || (isAscii && !rune.IsAscii) || "<>:\"|?*\\/".Contains((char)Math.Min(rune.Value, char.MaxValue), StringComparison.Ordinal) ? "_" : rune.ToString());
        }

        for (var end = text.Length - 1; end >= 0 && text[end] is '.' or ' '; end--)
        {
            text[end] = '_';
        }

        return text.ToString();
    }

    private static (string Stem, string Extension) Split(string name)
    {
        var dot = name.LastIndexOf('.');
        return dot > 0 && Encoding.UTF8.GetByteCount(name.AsSpan(dot)) <= LongestExtension ? (name[..dot], name[dot..]) : (name, "");
    }

    private static int Length(ReadOnlySpan<byte> name)
    {
        _ = Rune.DecodeFromUtf8(name, out _, out var length);
        return length;
    }
}
