using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>What a database says of itself, as far as checks need it.</summary>
internal static class SqliteSchema
{
    private const string Malformed = "malformed database schema (";

    /// <summary>
    /// What SQLite does not understand of a schema: it says "corrupt" then, and gives the parser's complaint after a dash. Null if the
    /// error is another, such as a schema that points to pages that are none.
    /// </summary>
    public static string? Complaint(SqliteException error)
    {
        var words = SqliteFile.Words(error);
        return error.SqliteErrorCode == raw.SQLITE_CORRUPT
            && words.IndexOf(Malformed, StringComparison.Ordinal) is >= 0 and var at
            && words.IndexOf(") - ", at, StringComparison.Ordinal) is > 0
            && !words.Contains("invalid rootpage", StringComparison.Ordinal)
            && !words.Contains("orphan index", StringComparison.Ordinal)
            ? words[(at + Malformed.Length - 1)..]
            : null;
    }

    /// <summary>Whether SQLite says that a schema is of a format that it does not know. https://www.sqlite.org/fileformat2.html#schema_format_number</summary>
    public static bool IsUnknownFormat(SqliteException error) => error.SqliteErrorCode == raw.SQLITE_ERROR && SqliteFile.Words(error) == "unsupported file format";

    /// <summary>The version of SQLite that wrote last, if that is newer than this program's. https://www.sqlite.org/fileformat2.html#validfor</summary>
    public static string? NewerWriter(string path)
    {
        const int writerAt = 96, oneMajor = 1_000_000;
        Span<byte> number = stackalloc byte[4];
        using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true);
        var writer = Posix.ReadAt(file, number, writerAt) == number.Length ? BinaryPrimitives.ReadUInt32BigEndian(number) : 0;
        var own = raw.sqlite3_libversion_number();

        // A number that is none of SQLite 3 or 4 is damaged itself.
        return writer > own && writer < 5 * oneMajor ? $"{writer / oneMajor}.{writer / 1000 % 1000}.{writer % 1000}" : null;
    }

    /// <summary>Modules of virtual tables that this program lacks.</summary>
    public static List<SqliteMissing> MissingModules(SqliteConnection connection)
    {
        var own = SqliteFile.Rows(connection, "SELECT name FROM pragma_module_list").ToHashSet(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. SqliteFile.Rows(connection, "SELECT sql FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'").Select(SqliteMissing.ModuleIn)
                .OfType<string>().Where(module => !own.Contains(module)).Distinct(StringComparer.OrdinalIgnoreCase)
                .Select(module => new SqliteMissing(SqliteMissing.Module, module)),
        ];
    }

    /// <summary>
    /// Tables that can be checked one by one, by name: those whose definition was understood. A name that is a number would be taken for
    /// a count of messages.
    /// </summary>
    public static List<string> Tables(SqliteConnection connection) =>
    [
        .. SqliteFile.Rows(connection, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' ORDER BY name")
            .Where(name => !int.TryParse(name, out _)),
    ];
}
