namespace VertexAr.Backup.Policy;

/// <summary>Which known word somebody meant who wrote another one: for options, commands and configuration keys alike.</summary>
internal static class NearestWord
{
    /// <summary>The known word that is the fewest slips away; null when none is near enough to be worth suggesting.</summary>
    public static string? Find(string written, IEnumerable<string> known)
    {
        // One slip in a short word, more in longer ones: a suggestion that is far off is worse than none.
        var limit = 1 + (written.TrimStart('-').Length / 4);
        return known
            .Where(word => Slips(written, word) is var slips && slips <= limit && slips < word.TrimStart('-').Length)
            .OrderBy(word => Slips(written, word))
            .ThenBy(word => word, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    /// <summary>"; did you mean 'list'?", or nothing.</summary>
    public static string Suggestion(string written, IEnumerable<string> known) =>
        Find(written, known) is { } word ? $"; did you mean '{word}'?" : "";

    /// <summary>Letters added, left out, replaced, or swapped with their neighbour (optimal string alignment), case aside.</summary>
    private static int Slips(string from, string to)
    {
        var (twoBack, oneBack) = (new int[to.Length + 1], Enumerable.Range(0, to.Length + 1).ToArray());
        for (var i = 1; i <= from.Length; i++)
        {
            var row = new int[to.Length + 1];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = oneBack[j - 1] + (Same(from[i - 1], to[j - 1]) ? 0 : 1);
                row[j] = Math.Min(replaced, 1 + Math.Min(oneBack[j], row[j - 1]));
                if (i > 1 && j > 1 && Same(from[i - 1], to[j - 2]) && Same(from[i - 2], to[j - 1]))
                {
                    row[j] = Math.Min(row[j], twoBack[j - 2] + 1);
                }
            }

            (twoBack, oneBack) = (oneBack, row);
        }

        return oneBack[to.Length];
    }

    private static bool Same(char one, char other) => char.ToUpperInvariant(one) == char.ToUpperInvariant(other);
}
