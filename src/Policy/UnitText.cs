using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Policy;

/// <summary>A line of a unit file.</summary>
internal sealed record UnitSetting(string Key, string Value);

/// <summary>The text of systemd unit files: settings read from them, words written into them (systemd.syntax(7)).</summary>
internal static class UnitText
{
    /// <summary>The settings in order. Files are given in the order in which systemd reads them: the unit, then its drop-ins.</summary>
    public static IEnumerable<UnitSetting> Settings(IEnumerable<string> files)
    {
        foreach (var line in files.SelectMany(Lines))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                yield return new UnitSetting(line[..equals].TrimEnd(), line[(equals + 1)..].Trim());
            }
        }
    }

    /// <summary>A value's words, each parted at its colons, without quotes and backslashes; what is quoted parts nothing.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Words(string value)
    {
        var (words, parts, part, quote) = (new List<IReadOnlyList<string>>(), new List<string>(), new StringBuilder(), '\0');
        var begun = false;
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '\\' && i + 1 < value.Length)
            {
                part.Append(value[++i]);
                begun = true;
            }
            else if (quote == '\0' ? c is '"' or '\'' : c == quote)
            {
                quote = quote == '\0' ? c : '\0';
                begun = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                FinishWord();
            }
            else if (quote == '\0' && c == ':')
            {
                FinishPart();
            }
            else
            {
                part.Append(c);
                begun = true;
            }
        }

        FinishWord();
        return words;

        void FinishPart()
        {
            parts.Add(part.Replace("%%", "%").ToString());
            part.Clear();
        }

        void FinishWord()
        {
            if (begun)
            {
                FinishPart();
                words.Add(parts);
                (parts, begun) = ([], false);
            }
        }
    }

    /// <summary>A path as a word, quoted where it must be.</summary>
    /// <exception cref="UserError">It holds a control character, which no unit file can.</exception>
    public static string Word(string path)
    {
        if (path.Any(char.IsControl))
        {
            throw UserError.Usage($"the path '{path}' holds a control character; systemd's unit files cannot name it");
        }

        var escaped = path.Replace("%", "%%", StringComparison.Ordinal).Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal);
        return escaped.Any(c => c is ' ' or '"' or '\'' or '\\' or ':' or ';' or '#') ? $"\"{escaped}\"" : escaped;
    }

    /// <summary>Lines joined where one ends in a backslash; without comments.</summary>
    private static IEnumerable<string> Lines(string file)
    {
        var joined = new StringBuilder();
        foreach (var line in file.Split('\n').Select(line => line.Trim()).Where(line => !line.StartsWith('#') && !line.StartsWith(';')))
        {
            if (line.EndsWith('\\'))
            {
                joined.Append(line, 0, line.Length - 1).Append(' ');
                continue;
            }

            yield return joined.Append(line).ToString();
            joined.Clear();
        }
    }
}
