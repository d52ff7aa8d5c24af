using System.Text;

namespace VertexAr.Backup.Remote;

/// <summary>
/// What rclone says went wrong, fit to be shown: in one line, and without what may be a secret. Written without regular
/// expressions, whose engine would be a hundredth of the program for this alone.
/// </summary>
internal static class PlainError
{
    private const int Longest = 400;
    private const char Hidden = '…';

    private static readonly string[] SecretWords = ["pass", "secret", "token", "signature", "credential", "authorization", "accesskey", "access_key"];

    public static string Of(string said)
    {
        var text = new StringBuilder();
        var (isSecret, before) = (false, "");
        foreach (var word in WithoutTime(said.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
        {
            if (isSecret && word is "Bearer" or "Basic")
            {
                continue;
            }

            var isSign = word is "=" or ":";
            text.Append(text.Length > 0 ? " " : "").Append(isSecret && !isSign ? $"{Hidden}" : WithoutValues(WithoutSecretsOfAddress(word)));
            isSecret = isSign ? isSecret || NamesSecret(before) : word[^1] is '=' or ':' && NamesSecret(word.AsSpan(0, word.Length - 1));
            before = word;
        }

        return text.Length <= Longest ? text.ToString() : $"{text.ToString(0, Longest)}{Hidden}";
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

    /// <summary>Signatures stand in the query of an address, and passwords before its host.</summary>
    private static string WithoutSecretsOfAddress(string word)
    {
        const string afterScheme = "://";
        var host = word.IndexOf(afterScheme, StringComparison.Ordinal) + afterScheme.Length;
        if (host < afterScheme.Length)
        {
            return word;
        }

        if (word.IndexOf('?', host) is >= 0 and var query)
        {
            var end = word.AsSpan(query).IndexOfAny('"', '\'');
            word = $"{word.AsSpan(0, query + 1)}{Hidden}{(end < 0 ? "" : word.AsSpan(query + end))}";
        }

        var length = word.AsSpan(host).IndexOfAny('/', '"', '\'');
        var user = word.AsSpan(host, length < 0 ? word.Length - host : length).LastIndexOf('@');
        return user < 0 ? word : $"{word.AsSpan(0, host)}{Hidden}{word.AsSpan(host + user)}";
    }

    /// <summary>The values of secrets in "a=b,c:d".</summary>
    private static string WithoutValues(string word)
    {
        var text = new StringBuilder();
        for (var (begin, end) = (0, 0); begin < word.Length; begin = end)
        {
            end = word.AsSpan(begin).IndexOfAny(",;") is >= 0 and var comma ? begin + comma + 1 : word.Length;
            var part = word.AsSpan(begin, end - begin);
            var value = part.IndexOfAny("=:") + 1;
            var left = part[^1] is ',' or ';' ? part[^1..] : [];
            if (value > 0 && value < part.Length - left.Length && NamesSecret(part[..(value - 1)]))
            {
                text.Append(part[..value]).Append(Hidden).Append(left);
            }
            else
            {
                text.Append(part);
            }
        }

        return text.ToString();
    }

    /// <summary>By its last name: directories may be called anything.</summary>
    private static bool NamesSecret(ReadOnlySpan<char> text)
    {
        text = text.TrimEnd('"');
        var begin = text.Length;
        while (begin > 0 && (char.IsLetterOrDigit(text[begin - 1]) || text[begin - 1] is '_' or '-'))
        {
            begin--;
        }

        var name = text[begin..].ToString();
        return Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
