using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>
/// Text that others chose (file names above all) made safe to show: nothing in it can drive a terminal, begin a new line of
/// a log or reverse the reading order. A backslash stays as it is, so that escaping twice changes nothing.
/// </summary>
internal static class Printable
{
    private const char Ellipsis = '…';

    /// <summary>Whether nothing in the text needs a closer look, as in nearly all.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange(' ', '~');

    public static string Escape(string text)
    {
        var first = IsPlain(text) ? -1 : FirstUnsafe(text);
        if (first < 0)
        {
            return text;
        }

        var escaped = new StringBuilder(text, 0, first, text.Length + 16);
        for (var i = first; i < text.Length; i++)
        {
            if (!IsUnsafe(text, i))
            {
                escaped.Append(text[i]);
            }
            else
            {
                Append(escaped, text[i]);
            }
        }

        return escaped.ToString();
    }

    /// <summary>Columns the text takes on a terminal: marks take none, East Asian wide characters and emoji two.</summary>
    public static int Width(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.Length;
        }

        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += Width(rune);
        }

        return width;
    }

    /// <summary>The text, cut with an ellipsis where it would be wider than <paramref name="width"/> columns.</summary>
    public static string Fit(string text, int width)
    {
        if (Width(text) <= width)
        {
            return text;
        }

        var (kept, used) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            used += Width(rune);
            if (used > width - 1)
            {
                break;
            }

            kept.Append(rune.ToString());
        }

        return width > 0 ? kept.Append(Ellipsis).ToString() : "";
    }

    private static int FirstUnsafe(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (IsUnsafe(text, i))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsUnsafe(string text, int i) => text[i] switch
    {
        < ' ' or (>= '\u007f' and < '\u00a0') => true, // C0, DEL and C1 controls
        '\u061c' or '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u206f') => true, // order of reading
        '\u2028' or '\u2029' or '\ufeff' or (>= '\ufff9' and <= '\uffff' and not '\ufffd') => true, // line ends, marks, no characters
        var c when char.IsHighSurrogate(c) => i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]),
        var c when char.IsLowSurrogate(c) => i == 0 || !char.IsHighSurrogate(text[i - 1]),
        _ => false,
    };

    private static void Append(StringBuilder escaped, char c) => _ = c switch
    {
        '\n' => escaped.Append("\\n"),
        '\r' => escaped.Append("\\r"),
        '\t' => escaped.Append("\\t"),
        < '\u0100' => escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
        _ => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };

    private static int Width(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => IsWide(rune.Value) ? 2 : 1,
    };

    private static bool IsWide(int value) => value
        is (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff)
        or (>= 0xfe30 and <= 0xfe6f) or (>= 0xff00 and <= 0xff60) or (>= 0xffe0 and <= 0xffe6)
        or (>= 0x1f300 and <= 0x1f64f) or (>= 0x1f900 and <= 0x1f9ff) or (>= 0x20000 and <= 0x3fffd);
}
