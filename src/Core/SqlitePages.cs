using Microsoft.Data.Sqlite;

namespace VertexAr.Backup.Core;

/// <summary>
/// Checks every page of a database without understanding its schema, whose words only a newer SQLite, or only the application, may
/// know. In a transaction that is rolled back, the schema becomes one of tables without columns of note, each with the root page of one
/// of the trees; SQLite then checks the trees, the overflow and free pages, and that each page is used once. Nothing of it is written
/// to the file: what a transaction changes stays in memory until it is committed.
/// </summary>
internal static class SqlitePages
{
    // A tree of a table begins with 5 or 13, one of an index with 2 or 10. https://www.sqlite.org/fileformat2.html#b_tree_pages
    private const string Simplify = """
        UPDATE sqlite_schema SET type = 'table', name = 'tree' || rootpage, tbl_name = 'tree' || rootpage, sql = 'CREATE TABLE tree' || rootpage ||
            CASE WHEN (SELECT hex(substr(data, 1, 1)) FROM sqlite_dbpage WHERE pgno = rootpage) IN ('05', '0D') THEN '(a)' ELSE '(a PRIMARY KEY) WITHOUT ROWID' END
        """;

    /// <param name="path">A database that belongs to this program.</param>
    /// <param name="stop">Ends the check.</param>
    /// <returns>What is broken, in SQLite's words; none if nothing is.</returns>
    /// <exception cref="SqliteException">It is too damaged for that, or the check could not be made.</exception>
    public static List<string> Check(string path, CancellationToken stop)
    {
        using var connection = SqliteFile.OpenAlone(path);
        using var interrupting = stop.Register(() => SQLitePCL.raw.sqlite3_interrupt(connection.Handle));
        SqliteFile.Execute(connection, "PRAGMA writable_schema=ON");
        SqliteFile.ReadSchema(connection);
        if (SqliteFile.Scalar<string>(connection, "PRAGMA journal_mode") != "wal")
        {
            SqliteFile.Execute(connection, "PRAGMA journal_mode=MEMORY");
        }

        var broken = Messages(connection, "PRAGMA integrity_check(sqlite_schema)");
        if (broken.Count > 0)
        {
            return broken;
        }

        SqliteFile.Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            SqliteFile.Execute(connection, "DELETE FROM sqlite_schema WHERE coalesce(rootpage, 0) = 0");
            SqliteFile.Execute(connection, Simplify);
            SqliteFile.Execute(connection, "PRAGMA writable_schema=RESET");
            return Messages(connection, "PRAGMA quick_check(100)");
        }
        finally
        {
            SqliteFile.Execute(connection, "ROLLBACK");
        }
    }

    private static List<string> Messages(SqliteConnection connection, string pragma) =>
    [
        .. SqliteFile.Rows(connection, pragma).SelectMany(SqliteMessage.Of)
            .Where(m => m.Kind is SqliteMessageKind.Page or SqliteMessageKind.Index).Select(m => m.Text),
    ];
}
