using VertexAr.Backup.Core;

namespace VertexAr.Backup.Remote;

/// <summary>What rclone says went wrong, fit to be shown: in one line, and without what may be a secret.</summary>
internal static class PlainError
{
    private const int Longest = 400;

    public static string Of(string said)
    {
        var text = Redaction.Of(WithoutTime(Redaction.Words(said)));
        return text.Length <= Longest ? text : $"{text[..Longest]}…";
    }

    /// <summary>Less "2026/11/26 00:31:16 ERROR :", where that comes first.</summary>
    private static ReadOnlySpan<string> WithoutTime(ReadOnlySpan<string> words)
    {
        if (words is not [{ Length: 10 } day, { Length: 8 } time, ..] || day[4] != '/' || time[2] != ':')
        {
            return words;
        }

        return words is [_, _, var level, ":", ..] && level.All(char.IsAsciiLetterUpper) ? words[4..] : words[2..];
    }
}
