using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>
/// Text that others wrote, or that was configured, without what may be a secret: users and passwords in addresses, their queries, values of
/// what is named like a secret, private keys. Names of errors that only speak of secrets are no such names.
/// </summary>
internal static class Redaction
{
    private const char Hidden = '…';
    private const string KeyBegins = "-----BEGIN ";
    private const string KeyEnds = "-----END ";

    private static readonly string[] SecretWords =
        ["pass", "pwd", "secret", "token", "signature", "credential", "authorization", "accesskey", "access_key", "api_key", "api-key", "apikey", "access-key", "account_key", "private_key", "pem", "sas_url", "cookie"];

    /// <summary>Of GitHub, GitLab and Slack; and the addresses of Telegram, Slack and Discord that whoever knows them can write to.</summary>
    private static readonly string[] KnownForms =
        ["ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "api.telegram.org/bot", "hooks.slack.com/services/", "discord.com/api/webhooks/"];

    /// <summary>How names of errors begin: "InvalidAccessKeyId", "ExpiredToken", "invalid_token".</summary>
    private static readonly string[] FaultsFirst = ["invalid", "expired", "missing", "malformed", "incorrect", "unsupported", "bad", "unknown", "revoked", "unrecognized", "inactive", "nosuch"];

    /// <summary>How they end: "SignatureDoesNotMatch", "AuthorizationHeaderMalformed".</summary>
    private static readonly string[] FaultsLast = ["match", "mismatch", "malformed", "required", "error", "exception", "failed", "failure", "invalid", "expired", "missing", "supported", "denied", "exceeded", "found", "disabled", "refused"];

    /// <summary>In one line.</summary>
    public static string Of(string text) => Of(Words(text));

    /// <summary>In one line, of words that no space is in.</summary>
    public static string Of(ReadOnlySpan<string> words)
    {
        var text = new StringBuilder();
        var (isSecret, before) = (false, "");
        foreach (var word in words)
        {
            if (isSecret && word is "Bearer" or "Basic")
            {
                continue;
            }

            var isSign = word is "=" or ":";
            var shown = isSecret && !isSign ? $"{Hidden}"
                : before is "-u" or "--user" && word.IndexOf(':') is > 0 and var colon ? $"{word.AsSpan(0, colon + 1)}{Hidden}"
                : IsScheme(before) && IsEncoded(word) ? $"{Hidden}"
                : WithoutKnownForms(WithoutElement(WithoutValues(WithoutSecretsOfAddress(word))));
            text.Append(text.Length > 0 ? " " : "").Append(shown);
            isSecret = isSign ? isSecret || NamesSecret(before) : word[^1] is '=' or ':' ? NamesSecret(word.AsSpan(0, word.Length - 1)) : IsOption(word) && NamesSecret(word);
            before = word;
        }

        return text.ToString();
    }

    public static bool HoldsSecret(string text) => Of(text) != string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The words of a text, private keys left out.</summary>
    public static string[] Words(string text) => WithoutKeys(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static string WithoutKeys(string text)
    {
        while (text.IndexOf(KeyBegins, StringComparison.Ordinal) is >= 0 and var begin)
        {
            var end = text.IndexOf(KeyEnds, begin, StringComparison.Ordinal);
            var rest = end < 0 ? -1 : text.IndexOf("-----", end + KeyEnds.Length, StringComparison.Ordinal);
            text = $"{text.AsSpan(0, begin)}{Hidden}{(rest < 0 ? "" : text.AsSpan(rest + 5))}";
        }

        return text;
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
        var authority = word.AsSpan(host, length < 0 ? word.Length - host : length);
        var user = authority.LastIndexOf('@');
        if (user < 0 && IsUserWithPassword(authority))
        {
            // A password with a slash in it.
            user = word.AsSpan(host).LastIndexOf('@');
        }

        return user < 0 ? word : $"{word.AsSpan(0, host)}{Hidden}{word.AsSpan(host + user)}";
    }

    /// <summary>"me:hush", where "host:443" is not.</summary>
    private static bool IsUserWithPassword(ReadOnlySpan<char> authority) =>
        !authority.StartsWith("[") && authority.IndexOf(':') is >= 0 and var colon && authority[(colon + 1)..].ContainsAnyExceptInRange('0', '9');

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

    /// <summary>"--token", which its value follows; "--password-file" is followed by a place.</summary>
    private static bool IsOption(string word) =>
        word.StartsWith("--", StringComparison.Ordinal) && !word.Contains('=', StringComparison.Ordinal) && !word.StartsWith("--no-", StringComparison.Ordinal)
        && !word.EndsWith("-file", StringComparison.Ordinal) && !word.EndsWith("-command", StringComparison.Ordinal);

    /// <summary>"Authorization=Basic", before what it encodes.</summary>
    private static bool IsScheme(string word) => word.EndsWith("Basic", StringComparison.Ordinal) || word.EndsWith("Bearer", StringComparison.Ordinal);

    /// <summary>No word of a sentence has such a mix.</summary>
    private static bool IsEncoded(string word) => word.Length >= 8 && word.Skip(1).Any(letter => char.IsAsciiDigit(letter) || char.IsAsciiLetterUpper(letter)) && word.TrimEnd('=').All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '+' or '/' or '-' or '_' or '.' or '~');

    /// <summary>The value in <c>&lt;password&gt;hush&lt;/password&gt;</c>.</summary>
    private static string WithoutElement(string word)
    {
        var end = word.IndexOf("</", StringComparison.Ordinal);
        var begin = end < 0 ? -1 : word.LastIndexOf('>', end);
        return begin > 0 && NamesSecret(word.AsSpan(0, begin)) ? $"{word.AsSpan(0, begin + 1)}{Hidden}{word.AsSpan(end)}" : word;
    }

    /// <summary>Secrets that are known by how they begin, whatever is said of them.</summary>
    private static string WithoutKnownForms(string word)
    {
        foreach (var form in KnownForms)
        {
            if (word.IndexOf(form, StringComparison.Ordinal) is >= 0 and var at && at + form.Length < word.Length)
            {
                return $"{word.AsSpan(0, at + form.Length)}{Hidden}";
            }
        }

        return word;
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
        return Array.Exists(SecretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase)) && !NamesFault(name);
    }

    private static bool NamesFault(string name) =>
        (name.Contains('_', StringComparison.Ordinal) || name.Skip(1).Any(char.IsAsciiLetterUpper))
        && (Array.Exists(FaultsFirst, word => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            || Array.Exists(FaultsLast, word => name.EndsWith(word, StringComparison.OrdinalIgnoreCase)));
}
