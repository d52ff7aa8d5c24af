using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>
/// Functions and collations that take the place of what only the application has, so that the rest of a table can be checked. They know
/// nothing: what is said of an index or a column that uses one is not believed.
/// </summary>
internal sealed class SqliteStandIns(SqliteConnection connection, SqliteFindings findings) : IDisposable
{
    /// <summary>Schemas that are not trusted may call it. https://www.sqlite.org/c3ref/c_deterministic.html</summary>
    private const int Innocuous = 0x200000;

    private readonly HashSet<SqliteMissing> added = [];

    public int Count => added.Count;

    /// <summary>One for each function and collation that was found missing so far.</summary>
    /// <returns>How many there are.</returns>
    public int Add()
    {
        foreach (var missing in findings.AllMissing.Where(added.Add).ToList())
        {
            if (missing.Kind == SqliteMissing.Function)
            {
                _ = raw.sqlite3_create_function(
                    connection.Handle, missing.Name, -1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC | Innocuous, null, (context, _, _) => raw.sqlite3_result_null(context));
            }
            else if (missing.Kind == SqliteMissing.Collation)
            {
                connection.CreateCollation(missing.Name, string.CompareOrdinal);
            }
        }

        return added.Count;
    }

    /// <summary>Whether a message about this table can be believed: it rests on nothing that a stand-in answered.</summary>
    public Func<SqliteMessage, bool> Judges(string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, sql FROM sqlite_schema WHERE tbl_name = $table COLLATE NOCASE AND sql IS NOT NULL";
        command.Parameters.AddWithValue("$table", table);
        using var rows = command.ExecuteReader();
        var guessed = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (rows.Read())
        {
            if (added.Any(missing => rows.GetString(1).Contains(missing.Name, StringComparison.OrdinalIgnoreCase)))
            {
                guessed.Add(rows.GetString(0));
            }
        }

        // A column of the table may be in any of its indexes.
        return message => message.Kind is SqliteMessageKind.Page or SqliteMessageKind.Unchecked
            || message.Text.StartsWith("wrong # of entries ", StringComparison.Ordinal)
            || !(guessed.Contains(table) || (message.Index is { } index && guessed.Contains(index)));
    }

    public void Dispose() => added.Clear();
}
