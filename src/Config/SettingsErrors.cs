using VertexAr.Backup.Core;

namespace VertexAr.Backup.Config;

/// <summary>All that is wrong with a configuration: whoever mends it wants to be told once.</summary>
internal sealed class SettingsErrors
{
    private const int Shown = 10;
    private const int LongestQuote = 80;

    private readonly List<string> errors = [];

    public bool Any => errors.Count > 0;

    /// <summary><paramref name="origin"/> is the file and line, or the variable or option.</summary>
    public void Add(string origin, string problem) => errors.Add($"{origin}: {problem}");

    /// <exception cref="UserError">Something is wrong: one line an error, the first ten.</exception>
    public void ThrowIfAny()
    {
        if (Any)
        {
            var rest = errors.Count > Shown ? [$"and {errors.Count - Shown} more"] : Array.Empty<string>();
            throw UserError.Usage(string.Join('\n', errors.Take(Shown).Concat(rest)));
        }
    }

    /// <summary>What the file or the environment says, within a line of ours: short, and without line ends of its own.</summary>
    public static string Quote(string text)
    {
        var line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= LongestQuote ? $"'{line}'" : $"'{line[..LongestQuote]}…'";
    }
}
