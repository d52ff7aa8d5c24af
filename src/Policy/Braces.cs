namespace VertexAr.Backup.Policy;

/// <summary>The braces that shells expand and .gitignore does not, to name the patterns that were meant.</summary>
internal static class Braces
{
    private const int Most = 16;

    /// <summary>The patterns that a shell would make of one; the pattern alone if it has no braces with a comma, outside of sets and not behind a backslash.</summary>
    public static List<string> Expand(string pattern)
    {
        if (Find(pattern) is not var (open, close, commas) || commas.Count == 0)
        {
            return [pattern];
        }

        var cuts = new[] { open }.Concat(commas).Append(close).ToList();
        var expanded = Enumerable.Range(0, cuts.Count - 1)
            .SelectMany(i => Expand(pattern[..open] + pattern[(cuts[i] + 1)..cuts[i + 1]] + pattern[(close + 1)..]));
        return [.. expanded.Distinct().Take(Most)];
    }

    /// <summary>The first pair that has a comma of its own.</summary>
    private static (int Open, int Close, List<int> Commas)? Find(string pattern)
    {
        var open = new Stack<(int At, List<int> Commas)>();
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[' when pattern.AsSpan(Math.Min(i + 2, pattern.Length)).IndexOf(']') is >= 0 and var length:
                    i += 2 + length;
                    break;
                case '{':
                    open.Push((i, []));
                    break;
                case ',' when open.Count > 0:
                    open.Peek().Commas.Add(i);
                    break;
                case '}' when open.Count > 0:
                    if (open.Pop() is { Commas.Count: > 0 } pair)
                    {
                        return (pair.At, i, pair.Commas);
                    }

                    break;
            }
        }

        return null;
    }
}
