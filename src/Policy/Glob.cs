using System.Text;

namespace VertexAr.Backup.Policy;

/// <summary>
/// A pattern over paths, as one line of .gitignore without a <c>!</c> in front: <c>*</c> and <c>?</c> stay within a name,
/// <c>**</c> between slashes crosses them, <c>[a-z]</c> is a set; a pattern with a slash in front or inside is anchored at the
/// top, one without matches a name at any depth, and one that ends in a slash matches directories only. It matches what git's
/// own matcher matches (gitignore(5)), oddities included; a test compares the two.
/// </summary>
internal sealed class Glob
{
    private readonly byte[] prefix;
    private readonly GlobToken[] tokens;
    private readonly bool anchored;
    private readonly bool directoriesOnly;

    public Glob(string text)
    {
        var pattern = Encoding.UTF8.GetBytes(text);
        directoriesOnly = pattern is [.., (byte)'/'];
        var body = directoriesOnly ? pattern.AsSpan(0, pattern.Length - 1) : pattern;
        anchored = body.Contains((byte)'/');
        body = body is [(byte)'/', ..] ? body[1..] : body;
        var plain = body.IndexOfAny("*?[\\"u8);
        prefix = [.. plain < 0 ? body : body[..plain]];
        (tokens, Flaw) = GlobSyntax.Parse(body[prefix.Length..]);
        Flaw ??= prefix.Length == 0 && tokens.Length == 0 ? "is empty" : null;
    }

    /// <summary>Why nothing can match, as the end of a sentence; null if something can.</summary>
    public string? Flaw { get; }

    /// <param name="path">A path below the top, without a slash in front.</param>
    /// <param name="isDirectory">Whether the path is a directory's.</param>
    public bool Matches(ReadOnlySpan<byte> path, bool isDirectory)
    {
        if ((directoriesOnly && !isDirectory) || Flaw is not null)
        {
            return false;
        }

        var text = anchored ? path : path[(path.LastIndexOf((byte)'/') + 1)..];
        return text.StartsWith(prefix) && MatchesRest(text[prefix.Length..]);
    }

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
    private bool MatchesRest(ReadOnlySpan<byte> text)
    {
        var (p, t) = (0, 0);
        var (star, starText) = (-1, 0);
        var (deep, deepText) = (-1, 0);
        while (true)
        {
            var kind = p < tokens.Length ? tokens[p].Kind : GlobTokenKind.End;
            if (kind == GlobTokenKind.Star)
            {
                (star, starText) = (++p, t);
            }
            else if (kind is GlobTokenKind.Names or GlobTokenKind.Anything)
            {
                (deep, deepText, star) = (++p, t, -1);
            }
            else if (kind == GlobTokenKind.End && t == text.Length)
            {
                return true;
            }
            else if (kind != GlobTokenKind.End && t < text.Length && tokens[p].Fits(text[t]))
            {
                (p, t) = (p + 1, t + 1);
            }
            else if (star >= 0 && starText < text.Length && text[starText] != '/')
            {
                (p, t) = (star, ++starText);
            }
            else if (deep >= 0 && NextRetreat(text, deepText, tokens[deep - 1].Kind) is >= 0 and var next)
            {
                (p, t, deepText, star) = (deep, next, next, -1);
            }
            else
            {
                return false;
            }
        }
    }

    /// <summary>Where a double star tries next: one byte on, or at the next name; -1 if there is none.</summary>
    private static int NextRetreat(ReadOnlySpan<byte> text, int from, GlobTokenKind kind)
    {
        if (kind == GlobTokenKind.Anything)
        {
            return from < text.Length ? from + 1 : -1;
        }

        var slash = text[from..].IndexOf((byte)'/');
        return slash < 0 ? -1 : from + slash + 1;
    }
}
