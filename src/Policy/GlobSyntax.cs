using System.Text;

namespace VertexAr.Backup.Policy;

/// <summary>From a pattern's text to its parts, by the rules of fnmatch(3) as git reads them.</summary>
internal ref struct GlobSyntax
{
    private readonly ReadOnlySpan<byte> pattern;
    private readonly List<GlobToken> tokens = [];
    private int at;

    private GlobSyntax(ReadOnlySpan<byte> pattern) => this.pattern = pattern;

    /// <param name="pattern">What follows the plain beginning: a <c>**</c> there counts as one between slashes, as it does in git.</param>
    /// <returns>The parts, and why they can match nothing, as the end of a sentence; null if they can.</returns>
    public static (GlobToken[] Tokens, string? Flaw) Parse(ReadOnlySpan<byte> pattern)
    {
        var syntax = new GlobSyntax(pattern);
        string? flaw = null;
        while (syntax.at < pattern.Length && flaw is null)
        {
            flaw = syntax.ReadOne();
        }

        return ([.. syntax.tokens], flaw);
    }

    private string? ReadOne()
    {
        var b = pattern[at];
        switch (b)
        {
            case (byte)'*':
                ReadStars();
                return null;
            case (byte)'?':
                tokens.Add(new GlobToken(GlobTokenKind.Set, Set: Other(new bool[256])));
                break;
            case (byte)'[':
                return ReadSet();
            case (byte)'\\' when at + 1 == pattern.Length:
                return "ends in a backslash, with nothing behind it to take as it is";
            case (byte)'\\':
                tokens.Add(new GlobToken(GlobTokenKind.Byte, pattern[++at]));
                break;
            default:
                tokens.Add(new GlobToken(GlobTokenKind.Byte, b));
                break;
        }

        at++;
        return null;
    }

    private void ReadStars()
    {
        var start = at;
        while (at < pattern.Length && pattern[at] == '*')
        {
            at++;
        }

        var rest = pattern[at..];
        if (at - start < 2 || (start > 0 && pattern[start - 1] != '/') || rest is not ([] or [(byte)'/', ..] or [(byte)'\\', (byte)'/', ..]))
        {
            tokens.Add(new GlobToken(GlobTokenKind.Star));
        }
        else if (rest is [(byte)'/', ..])
        {
            tokens.Add(new GlobToken(GlobTokenKind.Names));
            at++;
        }
        else
        {
            tokens.Add(new GlobToken(GlobTokenKind.Anything));
        }
    }

    private string? ReadSet()
    {
        const string Unclosed = "opens a set with '[' and does not close it";
        var set = new bool[256];
        var negated = ++at < pattern.Length && pattern[at] is (byte)'!' or (byte)'^';
        at += negated ? 1 : 0;
        var first = at;
        int? before = null; // The beginning of a range that may follow.
        for (; at < pattern.Length && (at == first || pattern[at] != ']'); at++)
        {
            if (pattern[at] == '-' && before is { } low && at + 1 < pattern.Length && pattern[at + 1] != ']')
            {
                at += pattern[at + 1] == '\\' ? 2 : 1;
                if (at == pattern.Length)
                {
                    return Unclosed;
                }

                for (var b = low; b <= pattern[at]; b++)
                {
                    set[b] = true;
                }

                before = null;
            }
            else if (pattern[at..] is [(byte)'[', (byte)':', .. var inside] && ClassName(inside) is { } name)
            {
                if (!GlobClasses.Add(name, set))
                {
                    return $"has a class [:{name}:], which there is none of";
                }

                at += name.Length + 3;
                before = null;
            }
            else
            {
                at += pattern[at] == '\\' ? 1 : 0;
                if (at == pattern.Length)
                {
                    return Unclosed;
                }

                set[pattern[at]] = true;
                before = pattern[at];
            }
        }

        if (at == pattern.Length)
        {
            return Unclosed;
        }

        at++;
        set['/'] = negated || set['/'];
        set = negated ? Other(set) : set;
        set['/'] = false;
        tokens.Add(new GlobToken(GlobTokenKind.Set, Set: set));
        return set.AsSpan().Contains(true) ? null : "has a set [...] that holds no character";
    }

    /// <summary>The name of <c>[:name:]</c>; null where it is no such thing, and the bracket is a byte like others.</summary>
    private static string? ClassName(ReadOnlySpan<byte> inside)
    {
        var end = inside.IndexOf((byte)']');
        return end > 0 && inside[end - 1] == ':' ? Encoding.Latin1.GetString(inside[..(end - 1)]) : null;
    }

    /// <summary>Every byte that is not in the set, but for the slash.</summary>
    private static bool[] Other(bool[] set)
    {
        var other = Array.ConvertAll(set, inSet => !inSet);
        other['/'] = false;
        return other;
    }
}
