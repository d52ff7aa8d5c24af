namespace VertexAr.Backup.Policy;

/// <summary>The named classes of a set, such as <c>[[:alpha:]]</c>. Of ASCII, whatever the locale, and white space without form feed and vertical tab: as git has them.</summary>
internal static class GlobClasses
{
    /// <summary>Adds what belongs to the class; false if there is no such class.</summary>
    public static bool Add(string name, bool[] set)
    {
        if (Find(name) is not { } belongs)
        {
            return false;
        }

        for (var b = 0; b < 128; b++)
        {
            set[b] |= belongs((char)b);
        }

        return true;
    }

    private static Func<char, bool>? Find(string name) => name switch
    {
        "alnum" => char.IsAsciiLetterOrDigit,
        "alpha" => char.IsAsciiLetter,
        "blank" => c => c is ' ' or '\t',
        "cntrl" => char.IsControl,
        "digit" => char.IsAsciiDigit,
        "graph" => c => c is > ' ' and <= '~',
        "lower" => char.IsAsciiLetterLower,
        "print" => c => c is >= ' ' and <= '~',
        "punct" => c => c is > ' ' and <= '~' && !char.IsAsciiLetterOrDigit(c),
        "space" => c => c is ' ' or '\t' or '\n' or '\r',
        "upper" => char.IsAsciiLetterUpper,
        "xdigit" => char.IsAsciiHexDigit,
        _ => null,
    };
}
