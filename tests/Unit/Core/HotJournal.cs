using System.Buffers.Binary;
using System.Text;
using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>A database whose writer was killed in the middle of a transaction, with the rollback journal that SQLite had made.</summary>
internal static class HotJournal
{
    /// <param name="temp">Where it is made.</param>
    /// <param name="name">The database's; its table "t" holds 500 rows, of which none is "gone" once the journal is rolled back.</param>
    public static string Make(TempDirectory temp, string name)
    {
        var work = temp.Write(name + ".work", []);
        using (var writer = SqliteFile.Open(work, SqliteOpenMode.ReadWrite))
        {
            SqliteFile.Execute(writer, "PRAGMA cache_size=5; PRAGMA cache_spill=ON; CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) INSERT INTO t SELECT printf('%0500d', i) FROM n");
            SqliteFile.Execute(writer, "BEGIN; UPDATE t SET x='gone'");
            File.Copy(work, temp[name]);
            File.Copy(work + "-journal", temp[name + "-journal"]);
            SqliteFile.Execute(writer, "ROLLBACK");
        }

        return temp[name];
    }

    /// <summary>Ends its journal as one of a transaction over several databases does: https://www.sqlite.org/fileformat2.html.</summary>
    public static void NameSuperJournal(string database, string name)
    {
        using var journal = new FileStream(database + "-journal", FileMode.Append);
        journal.Write(Tail(name));
    }

    public static byte[] Tail(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var numbers = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(numbers, bytes.Length);
        BinaryPrimitives.WriteInt32BigEndian(numbers.AsSpan(4), bytes.Sum(b => (sbyte)b));
        // First the number of a page that no database has.
        return [0x40, 0, 0, 1, .. bytes, .. numbers, 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    }

    public static (long Rows, long Gone) Content(SqliteConnection database) =>
        (SqliteFile.Scalar<long>(database, "SELECT count(*) FROM t"), SqliteFile.Scalar<long>(database, "SELECT count(*) FROM t WHERE x='gone'"));
}
