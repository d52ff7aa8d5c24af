using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>Paths as words of a command that somebody pastes into a shell.</summary>
internal static class ShellWord
{
    public static string Of(string path) =>
        !ArgumentBytes.IsText(path) ? Of(ArgumentBytes.Bytes(path))
        : path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+' or ':' or '@' or ',')
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Any bytes, for a shell that knows <c>$'…'</c>: those that cannot be typed, or are not seen, by their numbers.</summary>
    public static string Of(ReadOnlySpan<byte> path)
    {
        var word = new StringBuilder();
        foreach (var one in path)
        {
            _ = one is >= (byte)' ' and <= (byte)'~' and not ((byte)'\'' or (byte)'\\')
                ? word.Append((char)one)
                : word.Append('\\').Append(Convert.ToString(one, 8).PadLeft(3, '0'));
        }

        return $"$'{word}'";
    }
}
