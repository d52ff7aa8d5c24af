namespace VertexAr.Backup.Policy;

/// <summary>Finds patterns of <see cref="IgnoreRules"/> that can match nothing, and says what was probably meant.</summary>
internal static class IgnoreAdvice
{
    /// <summary>What is wrong with each pattern: the end of a sentence that begins with the pattern, with the right form; null for those that can match.</summary>
    /// <param name="patterns">As they were written, in order.</param>
    /// <param name="top">The tree's top, absolute, without a slash at the end.</param>
    public static List<string?> Check(IReadOnlyList<string> patterns, string top)
    {
        var problems = patterns.Select(text => FormProblem(text, top)).ToList();
        var rules = new IgnoreRules(patterns);
        for (var i = 0; i < patterns.Count; i++)
        {
            problems[i] ??= new IgnoreRule(patterns[i]) is { Negated: true } rule ? NegationProblem(rule, [.. patterns.Take(i)], rules) : null;
        }

        return problems;
    }

    private static string? FormProblem(string text, string top)
    {
        var rule = new IgnoreRule(text);
        var not = rule.Negated ? "!" : "";
        if (text.AsSpan().ContainsAny('\n', '\r', '\0'))
        {
            return "is more than one line; write each pattern as an item of the list";
        }

        if (text.StartsWith('#'))
        {
            return $"is a comment in .gitignore; write '\\{text}' for a name that begins with '#', and comments as // outside the quotes";
        }

        if (rule.Body.Trim('/').Length == 0)
        {
            return "names nothing; remove it";
        }

        return AbsoluteProblem(rule.Body, top, not) ?? NamesProblem(rule.Body, top, not) ?? BracesProblem(rule.Body, not)
            ?? (rule.Glob.Flaw is { } flaw ? $"{flaw}, and so matches nothing{FlawAdvice(rule.Body)}" : null);
    }

    private static string FlawAdvice(string body) =>
        body.EndsWith('\\') || body.EndsWith("\\/", StringComparison.Ordinal) ? "; write '\\\\' for a backslash (in JSON: \"\\\\\\\\\")" : "; write '\\[' for a bracket that is part of a name";

    private static string? AbsoluteProblem(string body, string top, string not) =>
        top == "/" ? null
        : body.TrimEnd('/') == top ? "is the tree itself; to save nothing of it, remove it from \"storage\""
        : body.StartsWith(top + "/", StringComparison.Ordinal) ? $"is an absolute path, and patterns begin at {top}; write '{not}{body[top.Length..]}'"
        : null;

    /// <summary>Names that no walk meets: none at all, "." and "..".</summary>
    private static string? NamesProblem(string body, string top, string not)
    {
        var directory = body.EndsWith('/') ? "/" : "";
        var names = body[(body.StartsWith('/') ? 1 : 0)..^directory.Length].Split('/');
        if (!names.Any(name => name is "" or "." or ".."))
        {
            return null;
        }

        var meant = Path.GetFullPath($"{top}/{string.Join('/', names)}").TrimEnd('/');
        return meant == top.TrimEnd('/') ? "is the tree itself; to save nothing of it, remove it from \"storage\""
            : !meant.StartsWith(top.TrimEnd('/') + "/", StringComparison.Ordinal) ? $"leads out of {top}, and only what is in it can be left out; remove it"
            : $"has {(names.Contains("..") ? "'..'" : names.Contains(".") ? "'.'" : "an empty name")} between slashes, which matches nothing; write '{not}{meant[top.TrimEnd('/').Length..]}{directory}'";
    }

    private static string? BracesProblem(string body, string not)
    {
        if (Braces.Expand(body) is not [var one, var two, .. var more])
        {
            return null;
        }

        var patterns = more.Count == 0 ? $"'{not}{one}' and '{not}{two}'" : string.Join(", ", new[] { one, two }.Concat(more.Take(4)).Select(p => $"'{not}{p}'")) + (more.Count > 4 ? ", …" : "");
        return $"has braces, which patterns know nothing of; write {patterns} as items of the list";
    }

    private static string? NegationProblem(IgnoreRule rule, List<string> before, IgnoreRules rules)
    {
        if (before.TrueForAll(text => new IgnoreRule(text).Negated))
        {
            return $"takes back in what a pattern before it left out, and there is none before it; put it after that one, or write '\\{rule.Text}' for a name that begins with '!'";
        }

        // Only where the directories above it are written out.
        var names = rule.Body.Trim('/').Split('/');
        if (names.Length == 1)
        {
            return null;
        }

        for (var depth = 1; depth < names.Length && names[depth - 1].AsSpan().IndexOfAny("*?[\\") < 0; depth++)
        {
            var above = string.Join('/', names.Take(depth));
            if (rules.ExcludingPattern(above) is { } pattern)
            {
                return $"takes nothing back in, since '{pattern}' leaves out the directory '{above}' with all that is in it; "
                    + $"leave out '/{above}/*' instead, or take '!/{above}/' back in before";
            }
        }

        return null;
    }
}
