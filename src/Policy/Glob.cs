using System.Text;

namespace VertexAr.Backup.Policy;

/// <summary>
/// A pattern over paths, with the rules of .gitignore: <c>*</c> and <c>?</c> stay within a name, <c>**</c> crosses slashes,
/// <c>[a-z]</c> is a set; a pattern with a slash in front or inside is anchored at the top, one without matches a name at any
/// depth, and one that ends in a slash matches directories only.
/// </summary>
internal sealed class Glob
{
    private readonly byte[] pattern;
    private readonly bool anchored;
    private readonly bool directoriesOnly;

    public Glob(string text)
    {
        directoriesOnly = text.EndsWith('/');
        var body = text.Trim('/');
        anchored = text.StartsWith('/') || body.Contains('/', StringComparison.Ordinal);
        pattern = Encoding.UTF8.GetBytes(body);
    }

    /// <param name="path">A path below the top, without a slash in front.</param>
    /// <param name="isDirectory">Whether the path is a directory's.</param>
    public bool Matches(ReadOnlySpan<byte> path, bool isDirectory) =>
        (isDirectory || !directoriesOnly) && MatchesText(anchored ? path : path[(path.LastIndexOf((byte)'/') + 1)..]);

    /// <summary>Whether the path or any directory above it matches: a pattern that names a directory means all that is in it.</summary>
    public bool MatchesOrContains(ReadOnlySpan<byte> path, bool isDirectory)
    {
        if (Matches(path, isDirectory))
        {
            return true;
        }

        for (var end = path.LastIndexOf((byte)'/'); end > 0; end = path[..end].LastIndexOf((byte)'/'))
        {
            if (Matches(path[..end], isDirectory: true))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Iterative matching with one retreat point for each kind of star, so that no pattern takes exponential time.</summary>
    private bool MatchesText(ReadOnlySpan<byte> text)
    {
        var (p, t) = (0, 0);
        var (starPattern, starText) = (-1, 0);
        var (deepPattern, deepText, wholeNames) = (-1, 0, false);
        while (true)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                if (p + 1 < pattern.Length && pattern[p + 1] == '*')
                {
                    // After "**/" what follows begins at the beginning of a name, be it this one.
                    wholeNames = p + 2 < pattern.Length && pattern[p + 2] == '/' && (t == 0 || text[t - 1] == '/');
                    p += wholeNames ? 3 : 2;
                    (deepPattern, deepText, starPattern) = (p, t, -1);
                }
                else
                {
                    (starPattern, starText) = (++p, t);
                }
            }
            else if (t < text.Length && p < pattern.Length && MatchesOne(ref p, text[t]))
            {
                t++;
            }
            else if (t == text.Length && p == pattern.Length)
            {
                return true;
            }
            else if (starPattern >= 0 && starText < text.Length && text[starText] != '/')
            {
                (p, t) = (starPattern, ++starText);
            }
            else if (deepPattern >= 0 && NextRetreat(text, deepText, wholeNames) is >= 0 and var next)
            {
                (p, t, deepText, starPattern) = (deepPattern, next, next, -1);
            }
            else
            {
                return false;
            }
        }
    }

    /// <summary>Where a double star tries next: one byte on, or at the next name; -1 if there is none.</summary>
    private static int NextRetreat(ReadOnlySpan<byte> text, int from, bool wholeNames)
    {
        if (!wholeNames)
        {
            return from < text.Length ? from + 1 : -1;
        }

        var slash = text[from..].IndexOf((byte)'/');
        return slash < 0 ? -1 : from + slash + 1;
    }

    /// <summary>Matches one byte and moves on in the pattern; a set or a literal that does not fit leaves the place as it is.</summary>
    private bool MatchesOne(ref int p, byte b)
    {
        switch (pattern[p])
        {
            case (byte)'?' when b != '/':
                p++;
                return true;
            case (byte)'[' when pattern.AsSpan(p + 1).IndexOf((byte)']') is > 0 and var length:
                if (b == '/' || !InSet(pattern.AsSpan(p + 1, length), b))
                {
                    return false;
                }

                p += length + 2;
                return true;
            case (byte)'\\' when p + 1 < pattern.Length && pattern[p + 1] == b:
                p += 2;
                return true;
            case var literal when literal == b && literal is not ((byte)'?' or (byte)'\\'):
                p++;
                return true;
            default:
                return false;
        }
    }

    private static bool InSet(ReadOnlySpan<byte> set, byte b)
    {
        var negated = set[0] is (byte)'!' or (byte)'^';
        var found = false;
        for (var i = negated ? 1 : 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                found |= set[i] <= b && b <= set[i + 2];
                i += 2;
            }
            else
            {
                found |= set[i] == b;
            }
        }

        return found != negated;
    }
}
