namespace VertexAr.Backup.Core;

/// <summary>Something that a schema names and this program has not: the application brings it along.</summary>
/// <param name="Kind">The word for it: function, collation, module or tokenizer.</param>
/// <param name="Name">What the schema calls it.</param>
internal sealed record SqliteMissing(string Kind, string Name)
{
    public const string Function = "function";
    public const string Collation = "collation";
    public const string Module = "module";
    public const string Tokenizer = "tokenizer";

    private static readonly (string Words, string Kind)[] Complaints =
    [
        ("unknown function: ", Function), ("no such function: ", Function), ("no such collation sequence: ", Collation),
        ("no such module: ", Module), ("no such tokenizer: ", Tokenizer), ("unknown tokenizer: ", Tokenizer),
    ];

    public override string ToString() => $"the {Kind} {Name}";

    /// <summary>What an error of SQLite says is missing; null if it is another error.</summary>
    public static SqliteMissing? In(string error)
    {
        foreach (var (words, kind) in Complaints)
        {
            if (error.IndexOf(words, StringComparison.Ordinal) is >= 0 and var at)
            {
                var name = error[(at + words.Length)..];
                return new SqliteMissing(kind, name.EndsWith("()", StringComparison.Ordinal) ? name[..^2] : name);
            }
        }

        return null;
    }

    /// <summary>The module of a virtual table.</summary>
    /// <param name="sql">Its statement as the schema keeps it: <c>CREATE VIRTUAL TABLE name USING module(...)</c>.</param>
    public static string? ModuleIn(string sql)
    {
        // CREATE, VIRTUAL, TABLE, the name, USING, the module.
        var words = Words(sql);
        var at = words.Count < 6 ? -1 : words.FindIndex(4, w => w.Equals("USING", StringComparison.OrdinalIgnoreCase));
        return at >= 0 && at + 1 < words.Count ? words[at + 1] : null;
    }

    /// <summary>The names and words at the beginning of a statement, up to the first bracket; without quotes.</summary>
    private static List<string> Words(string sql)
    {
        var words = new List<string>();
        var at = 0;
        while (at < sql.Length && sql[at] != '(')
        {
            var end = at;
            if (Closing(sql[at]) is { } close)
            {
                end = sql.IndexOf(close, at + 1) is >= 0 and var found ? found : sql.Length;
                words.Add(sql[(at + 1)..end]);
                at = end + 1;
                continue;
            }

            while (end < sql.Length && !IsBetween(sql[end]) && sql[end] != '(')
            {
                end++;
            }

            if (end > at)
            {
                words.Add(sql[at..end]);
            }

            at = end > at ? end : at + 1;
        }

        return words;
    }

    private static bool IsBetween(char letter) => char.IsWhiteSpace(letter) || letter == '.' || Closing(letter) is not null;

    private static char? Closing(char opening) => opening switch
    {
        '"' => '"',
        '`' => '`',
        '\'' => '\'',
        '[' => ']',
        _ => null,
    };
}
