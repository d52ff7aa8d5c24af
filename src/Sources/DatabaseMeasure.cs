using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>
/// How much a database holds: pages in use, the names of its tables, and which of them have a row. Reads the header, the schema and
/// one page of each table, whatever the size of the database.
/// </summary>
internal static class DatabaseMeasure
{
    /// <summary>Of a file that nobody writes to; null if it is no database that this SQLite can look into.</summary>
    public static DatabaseContent? OfFile(string path)
    {
        try
        {
            using var database = SqliteFile.Open(path, SqliteOpenMode.ReadOnly, immutable: true);
            return Of(database);
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    /// <exception cref="SqliteException">It is locked, damaged, or of a newer SQLite.</exception>
    public static DatabaseContent Of(SqliteConnection database)
    {
        // A table whose definition this SQLite cannot parse is still a table.
        SqliteFile.Execute(database, "PRAGMA writable_schema=ON; BEGIN");
        var pages = SqliteFile.Scalar<long>(database, "PRAGMA page_count") - SqliteFile.Scalar<long>(database, "PRAGMA freelist_count");
        var pageSize = SqliteFile.Scalar<long>(database, "PRAGMA page_size");
        var roots = SqliteFile.Scalar<long>(database, "SELECT 1 + count(*) FROM sqlite_master WHERE rootpage > 0");
        var tables = Tables(database);
        var filled = tables.Count(table => table.HasPages && HasRow(database, table.Name));
        SqliteFile.Execute(database, "COMMIT; PRAGMA writable_schema=OFF");
        return new DatabaseContent(
            Math.Max(0, pages) * pageSize, tables.Count, filled, tables.Count > DatabaseContent.MostNames ? null : [.. tables.Select(table => table.Name)], roots * pageSize);
    }

    private static List<(string Name, bool HasPages)> Tables(SqliteConnection database)
    {
        using var command = database.CreateCommand();
        command.CommandText = @"SELECT coalesce(CAST(name AS TEXT), ''), coalesce(rootpage, 0) > 0 FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name";
        using var rows = command.ExecuteReader();
        var tables = new List<(string, bool)>();
        while (rows.Read())
        {
            tables.Add((rows.GetString(0), rows.GetBoolean(1)));
        }

        return tables;
    }

    /// <summary>A table that cannot be read is not called empty: other checks say what is wrong with it.</summary>
    private static bool HasRow(SqliteConnection database, string table)
    {
        try
        {
            using var command = database.CreateCommand();
#pragma warning disable CA2100 // A table's name cannot be a parameter; it is quoted.
            command.CommandText = $"SELECT EXISTS (SELECT 1 FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\")";
#pragma warning restore CA2100
            return command.ExecuteScalar() is not 0L;
        }
        catch (SqliteException)
        {
            return true;
        }
    }
}
