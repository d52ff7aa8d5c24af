using System.Text;

namespace VertexAr.Backup.Policy;

/// <summary>
/// Patterns as the lines of a .gitignore at the top of a tree: the last that matches decides, one with <c>!</c> in front takes
/// back in, and nothing is taken back in below a directory that is left out (gitignore(5)). Not for several threads at once:
/// it counts what matched.
/// </summary>
internal sealed class IgnoreRules
{
    private readonly List<IgnoreRule> rules;
    private readonly bool[] matched;

    public IgnoreRules(IEnumerable<string> patterns)
    {
        rules = [.. patterns.Select(text => new IgnoreRule(text))];
        matched = new bool[rules.Count];
    }

    /// <summary>Patterns that have matched nothing so far. Below a directory that is left out nothing is asked for, and so matches nothing.</summary>
    public IEnumerable<string> Unmatched => rules.Where((_, i) => !matched[i]).Select(rule => rule.Text);

    /// <summary>Whether a path is left out, for a walk from the top down that does not enter what is left out.</summary>
    /// <param name="path">Below the top, without a slash in front; no directory above it is left out.</param>
    /// <param name="isDirectory">Whether it is a directory; a symlink to one is none.</param>
    public bool Excludes(ReadOnlySpan<byte> path, bool isDirectory) => Deciding(path, isDirectory) is { Negated: false };

    /// <summary>The same for any path: it is left out, or a directory above it is.</summary>
    public bool ExcludesOrContains(ReadOnlySpan<byte> path, bool isDirectory)
    {
        for (var end = 0; end < path.Length; end++)
        {
            if (path[end] == '/' && Excludes(path[..end], isDirectory: true))
            {
                return true;
            }
        }

        return Excludes(path, isDirectory);
    }

    /// <summary>The pattern that leaves a directory out; null if none does. Directories above it are not asked about.</summary>
    public string? ExcludingPattern(string directory) =>
        Deciding(Encoding.UTF8.GetBytes(directory), isDirectory: true) is { Negated: false } rule ? rule.Text : null;

    private IgnoreRule? Deciding(ReadOnlySpan<byte> path, bool isDirectory)
    {
        IgnoreRule? decides = null;
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            // Once it is decided, only those that have never matched are of interest.
            if ((decides is null || !matched[i]) && rules[i].Glob.Matches(path, isDirectory))
            {
                matched[i] = true;
                decides ??= rules[i];
            }
        }

        return decides;
    }
}
