namespace VertexAr.Backup.Core;

/// <summary>How grave a message of <c>PRAGMA integrity_check</c> is.</summary>
internal enum SqliteMessageKind
{
    Ok,

    /// <summary>A row breaks a constraint, or holds a value in a form that a newer SQLite would not write.</summary>
    Row,

    /// <summary>An index, or the order of a table's keys, does not agree with the table's rows.</summary>
    Index,

    /// <summary>A virtual table could not be looked into.</summary>
    Unchecked,

    /// <summary>Anything else: pages, trees, free pages, the content of virtual tables, and what this list does not know.</summary>
    Page,
}

/// <summary>One message of a check. https://www.sqlite.org/pragma.html#pragma_integrity_check; the words are those of pragma.c.</summary>
/// <param name="Kind">How grave it is.</param>
/// <param name="Text">SQLite's words, without the number of the row where only that differs.</param>
/// <param name="Index">The index it is about, if it names one.</param>
internal sealed record SqliteMessage(SqliteMessageKind Kind, string Text, string? Index = null)
{
    private const string Imprecise = " stores an imprecise floating-point value for row ";
    private const string NotUnique = "non-unique entry in index ";

    private static readonly string[] AboutIndexes = [" missing from index ", " values differ from index ", "wrong # of entries in index ", " of index "];

    /// <summary>The messages in one line of a result, which holds several where trees are broken.</summary>
    public static IEnumerable<SqliteMessage> Of(string row) => row.StartsWith("*** in database ", StringComparison.Ordinal)
        ? row.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => new SqliteMessage(SqliteMessageKind.Page, line))
        : [OfOne(row)];

    private static SqliteMessage OfOne(string text)
    {
        if (text == "ok")
        {
            return new(SqliteMessageKind.Ok, text);
        }

        if (text.StartsWith("index ", StringComparison.Ordinal) && text.LastIndexOf(Imprecise, StringComparison.Ordinal) is > 0 and var at)
        {
            return new(SqliteMessageKind.Row, text[..at] + " stores an imprecise floating-point value", text["index ".Length..at]);
        }

        if (text.StartsWith(NotUnique, StringComparison.Ordinal))
        {
            return new(SqliteMessageKind.Row, text, text[NotUnique.Length..]);
        }

        return IsConstraint(text) ? new(SqliteMessageKind.Row, text)
            : text.StartsWith("row not in PRIMARY KEY order for ", StringComparison.Ordinal) ? new(SqliteMessageKind.Index, text)
            : IndexIn(text) is { } index ? new(SqliteMessageKind.Index, text, index)
            : text.StartsWith("unable to validate ", StringComparison.Ordinal) ? new(SqliteMessageKind.Unchecked, text)
            : new(SqliteMessageKind.Page, text);
    }

    private static bool IsConstraint(string text) =>
        text.StartsWith("CHECK constraint failed in ", StringComparison.Ordinal)
        || (text.IndexOf(" value in ", StringComparison.Ordinal) is > 0 and var end
            && text[..end] is "NULL" or "NUMERIC" or "TEXT" or "non-ANY" or "non-BLOB" or "non-INT" or "non-INTEGER" or "non-REAL" or "non-TEXT");

    private static string? IndexIn(string text)
    {
        if (text.StartsWith("row", StringComparison.Ordinal) || text.StartsWith("wrong #", StringComparison.Ordinal))
        {
            foreach (var words in AboutIndexes)
            {
                if (text.IndexOf(words, StringComparison.Ordinal) is >= 0 and var at)
                {
                    return text[(at + words.Length)..];
                }
            }
        }

        return null;
    }
}
