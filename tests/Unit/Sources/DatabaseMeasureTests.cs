using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class DatabaseMeasureTests : IDisposable
{
    private readonly TempDirectory temp = new();

    private string Db => temp["app.db"];

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Tables_are_named_and_those_with_a_row_counted()
    {
        Sql("CREATE TABLE b(x); CREATE TABLE \"a\"\"'\"(i INTEGER PRIMARY KEY AUTOINCREMENT); CREATE INDEX j ON b(x); CREATE VIEW v AS SELECT * FROM b; INSERT INTO b VALUES(1)");
        var content = Measure();
        Assert.Equal(["a\"'", "b"], content.TableNames!);
        Assert.Equal((2, 1), (content.Tables, content.FilledTables));
    }

    [Fact]
    public void What_is_in_use_does_not_change_with_a_vacuum_and_does_with_a_delete()
    {
        Sql("CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT randomblob(500) FROM n");
        var full = Measure();
        Sql("DELETE FROM t");
        var emptied = Measure();
        Sql("VACUUM");
        Assert.InRange(full.BytesInUse, 1_000_000, 1_400_000);
        Assert.Equal((8192, 0), (emptied.BytesInUse, emptied.FilledTables));
        Assert.Equal(emptied.BytesInUse, Measure().BytesInUse);
    }

    [Fact]
    public void Many_tables_are_only_counted()
    {
        Sql(string.Concat(Enumerable.Range(0, DatabaseContent.MostNames + 1).Select(i => $"CREATE TABLE t{i}(x);")));
        Assert.Equal((DatabaseContent.MostNames + 1, null), (Measure().Tables, Measure().TableNames));
    }

    [Fact]
    public void A_table_that_this_sqlite_cannot_parse_is_a_table()
    {
        Sql("CREATE TABLE t(x); INSERT INTO t VALUES(1); PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='CREATE TABLE t(x) AND SOMETHING NEWER' WHERE name='t'");
        Assert.Equal(["t"], Measure().TableNames!);
    }

    [Fact]
    public void An_empty_file_holds_nothing()
    {
        temp.Write("app.db", []);
        Assert.Equal((0L, 0, 0), (Measure().BytesInUse, Measure().Tables, Measure().FilledTables));
    }

    [Fact]
    public void What_is_no_database_has_no_measure()
    {
        temp.Write("app.db", new byte[5000]);
        Assert.Null(DatabaseMeasure.OfFile(Db));
    }

    private DatabaseContent Measure() => DatabaseMeasure.OfFile(Db)!;

    private void Sql(string sql)
    {
        if (!File.Exists(Db))
        {
            temp.Write("app.db", []);
        }

        using var database = SqliteFile.Open(Db, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(database, sql);
    }
}
