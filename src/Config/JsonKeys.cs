using System.Globalization;
using System.Text.Json;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>Takes typed values out of a configuration file's tree. What is wrong is noted with its line, and the rest is read on.</summary>
internal sealed class JsonKeys(string file, SettingsErrors errors)
{
    /// <summary>The members of an object that are known, each once; unknown, repeated and missing ones are noted.</summary>
    public IEnumerable<JsonMember> Members(
        JsonTree value, string what, string prefix, string[] known, string[]? required = null)
    {
        if (value.Kind != JsonTokenType.StartObject)
        {
            errors.Add(At(value.Line), $"{what} is {Describe(prefix, value)}; it must be an object: {{ … }}");
            yield break;
        }

        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var member in value.Members)
        {
            if (!known.Contains(member.Key))
            {
                var meant = NearestWord.Find(member.Key, known) is { } word ? $"; did you mean '{prefix}{word}'?" : "";
                errors.Add(At(member.Line), $"key {SettingsErrors.Quote(prefix + member.Key)} is unknown{meant}");
            }
            else if (!seen.TryAdd(member.Key, member.Line))
            {
                errors.Add(At(member.Line), $"key '{prefix}{member.Key}' is given twice; it stands in line {seen[member.Key]} already");
            }
            else
            {
                yield return member;
            }
        }

        foreach (var missing in (required ?? []).Where(key => !seen.ContainsKey(key)))
        {
            errors.Add(At(value.Line), $"{what} has no '{missing}'");
        }
    }

    public IEnumerable<JsonMember> Items(string key, JsonTree value)
    {
        if (value.Kind == JsonTokenType.StartArray)
        {
            return value.Items.Select((item, i) => new JsonMember($"{key}[{i}]", item.Line, item));
        }

        Wrong(key, value, "a list: [ … ]");
        return [];
    }

    /// <summary>A text that the system can take: each becomes a path, a pattern, a name or an argument.</summary>
    public string? Text(string key, JsonTree value)
    {
        if (value.Kind != JsonTokenType.String || value.Text.Length == 0)
        {
            Wrong(key, value, "a text that is not empty");
            return null;
        }

        if (value.Text.Contains('\0', StringComparison.Ordinal))
        {
            Wrong(key, value, "a text without null characters");
            return null;
        }

        return value.Text;
    }

    public bool? Flag(string key, JsonTree value)
    {
        if (value.Kind is JsonTokenType.True or JsonTokenType.False)
        {
            return value.Kind == JsonTokenType.True;
        }

        Wrong(key, value, "true or false");
        return null;
    }

    /// <summary>One of a few words; its place among them.</summary>
    public int? Choice(string key, JsonTree value, IReadOnlyList<string> words)
    {
        if (Text(key, value) is not { } word)
        {
            return null;
        }

        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] == word)
            {
                return i;
            }
        }

        errors.Add(
            At(value.Line),
            $"'{key}' is {SettingsErrors.Quote(word)}; it must be {string.Join(", ", words.SkipLast(1))} or {words[^1]}{NearestWord.Suggestion(word, words)}");
        return null;
    }

    public int? Number(NumberKey key, JsonTree value)
    {
        if (value.Kind == JsonTokenType.Number && key.Read(value.Text) is { } number)
        {
            return number;
        }

        Wrong(key.Key, value, key.Allowed);
        return null;
    }

    /// <summary>A whole number, of any size that fits.</summary>
    public long? Number(string key, JsonTree value)
    {
        if (value.Kind == JsonTokenType.Number
            && long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Wrong(key, value, "a whole number");
        return null;
    }

    /// <summary>An address of the web.</summary>
    public string? WebAddress(string key, JsonTree value)
    {
        if (Text(key, value) is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "https" or "http" && address.Host.Length > 0)
        {
            return text;
        }

        // Not quoted: it may be a secret all the same.
        errors.Add(At(value.Line), $"'{key}' is not an address; it must begin with https:// or http://");
        return null;
    }

    public void Wrong(string key, JsonTree value, string allowed) =>
        errors.Add(At(value.Line), $"'{key}' is {Describe(key, value)}; it must be {allowed}");

    private static string Describe(string key, JsonTree value) => value.Kind switch
    {
        // What stands in the wrong place may be a secret.
        JsonTokenType.String when key.StartsWith("notify", StringComparison.Ordinal) || Secrets.Shown(key, value.Text) == Secrets.Set => "a text",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => $"the text {SettingsErrors.Quote(value.Text)}",
        _ => value.Text,
    };

    public string At(int line) => $"{file}:{line}";
}
