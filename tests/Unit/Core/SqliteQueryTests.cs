using System.Text;
using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class SqliteQueryTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData("DELETE FROM t", "only reads")]
    [InlineData("DELETE FROM t RETURNING x", "only reads")]
    [InlineData("WITH n(i) AS (SELECT 1) INSERT INTO t SELECT i FROM n", "only reads")]
    [InlineData("PRAGMA journal_mode=DELETE", "only reads")]
    [InlineData("VACUUM INTO '/tmp/copy.db'", "only reads")]
    [InlineData("ATTACH '/tmp/other.db' AS other", "only reads")]
    [InlineData("BEGIN", "only reads")]
    [InlineData("SELECT 1; DELETE FROM t", "more than one statement")]
    [InlineData("SELECT 1; SELECT 2", "more than one statement")]
    [InlineData("SELECT 1; nonsense", "more than one statement")]
    [InlineData("  ", "empty")]
    [InlineData("-- nothing", "empty")]
    public void What_is_no_single_question_is_refused(string sql, string problem)
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadWrite);
        var (query, refused) = SqliteQuery.Prepare(connection, sql, TestContext.Current.CancellationToken);
        Assert.Null(query);
        Assert.Contains(problem, refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT 42")]
    [InlineData("SELECT 42;")]
    [InlineData("SELECT 42; -- that is all")]
    [InlineData("/* first */ WITH n(i) AS (VALUES (42)) SELECT i FROM n ; \n")]
    public void A_question_is_answered(string sql)
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadOnly);
        using var query = SqliteQuery.Prepare(connection, sql, TestContext.Current.CancellationToken).Query!;
        Assert.True(query.Read());
        Assert.Equal((42d, "42"), query.Number());
        Assert.False(query.Read());
    }

    [Theory]
    [InlineData("SELECT NULL")]
    [InlineData("SELECT 'seven'")]
    [InlineData("SELECT x'37'")]
    public void What_is_no_number_yields_none(string sql)
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadOnly);
        using var query = SqliteQuery.Prepare(connection, sql, TestContext.Current.CancellationToken).Query!;
        Assert.True(query.Read());
        Assert.Null(query.Number());
    }

    [Theory]
    [InlineData("UTF-8")]
    [InlineData("UTF-16le")]
    public void Texts_are_UTF_8_whatever_the_database_keeps(string encoding)
    {
        using var connection = Open(encoding, SqliteOpenMode.ReadOnly);
        using var query = SqliteQuery.Prepare(
            connection, "SELECT 'Zoë/ä.jpg' UNION ALL SELECT x'ff2f61' UNION ALL SELECT NULL UNION ALL SELECT 17", TestContext.Current.CancellationToken).Query!;
        var rows = new List<byte[]>();
        while (query.Read())
        {
            rows.Add(query.Bytes().ToArray());
        }

        Assert.Equal([Encoding.UTF8.GetBytes("Zoë/ä.jpg"), [0xff, 0x2f, 0x61], [], "17"u8.ToArray()], rows);
    }

    [Fact]
    public void A_query_without_end_ends_when_told_to()
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadOnly);
        using var stopping = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        using var query = SqliteQuery.Prepare(
            connection, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", stopping.Token).Query!;
        Assert.Throws<OperationCanceledException>(() => query.Read());
    }

    [Theory]
    [InlineData("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", "took longer than 0.1 seconds")]
    [InlineData("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 11) SELECT i FROM n", "yields more than 10 rows")]
    [InlineData("SELECT zeroblob(2000)", "too large")]
    [InlineData("SELECT count(*) FROM (SELECT 1) WHERE hex(randomblob(900)) LIKE 'A%'", "too large")]
    public void A_query_that_takes_too_much_ends(string sql, string problem)
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadOnly);
        var limits = new SqliteQueryLimits(TimeSpan.FromMilliseconds(100)) { Rows = 10, ValueBytes = 1000 };
        var error = Assert.Throws<QueryLimitException>(() => ReadAll(connection, sql, limits));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_query_that_fills_the_memory_ends()
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadOnly);
        var values = string.Join(", ", Enumerable.Repeat("randomblob(1000000)", 12));
        var limits = new SqliteQueryLimits(TimeSpan.FromMinutes(1)) { MemoryBytes = 8 << 20 };
        var error = Assert.Throws<QueryLimitException>(() => ReadAll(
            connection, $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT i, {values} FROM n", limits));
        Assert.Contains("8 MiB of memory", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, ReadAll(connection, "SELECT x FROM t", limits));
    }

    [Fact]
    public void What_a_schema_says_runs_no_triggers_and_is_not_trusted()
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadWrite, "CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END; INSERT INTO t VALUES (4)");
        Assert.Equal((4L, 0L), (SqliteFile.Scalar<long>(connection, "SELECT count(*) FROM t"), SqliteFile.Scalar<long>(connection, "PRAGMA trusted_schema")));
    }

    [Fact]
    public void Where_queries_are_asked_the_schema_cannot_be_written()
    {
        using var connection = Open("UTF-8", SqliteOpenMode.ReadWrite);
        ReadAll(connection, "SELECT 1", new SqliteQueryLimits(TimeSpan.FromMinutes(1)));
        Assert.Throws<SqliteException>(() => SqliteFile.Execute(connection, "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema"));
    }

    [Fact]
    public void A_live_database_that_was_closed_is_read_without_leaving_a_file_beside_it()
    {
        Open("UTF-8", SqliteOpenMode.ReadWrite, "PRAGMA journal_mode=WAL").Dispose();
        Assert.Equal(3, Count());
        Assert.Equal(["app.db"], Directory.GetFiles(temp.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void What_a_live_database_has_in_its_log_only_is_read_and_the_log_left_there()
    {
        using var application = Open("UTF-8", SqliteOpenMode.ReadWrite, "PRAGMA journal_mode=WAL");
        SqliteFile.Execute(application, "INSERT INTO t VALUES (4)");
        Assert.Equal(4, Count());
        Assert.True(File.Exists(temp["app.db-wal"]));
    }

    private static int ReadAll(SqliteConnection connection, string sql, SqliteQueryLimits limits)
    {
        using var query = SqliteQuery.Prepare(connection, sql, TestContext.Current.CancellationToken, limits).Query!;
        var rows = 0;
        while (query.Read())
        {
            rows++;
        }

        return rows;
    }

    private long Count() => SqliteLive.Read(
        temp["app.db"], TimeSpan.Zero, TimeProvider.System, live => SqliteFile.Scalar<long>(live, "SELECT count(*) FROM t"), TestContext.Current.CancellationToken);

    private SqliteConnection Open(string encoding, SqliteOpenMode mode, string sql = "SELECT 1")
    {
        temp.Write("app.db", []);
        using (var making = SqliteFile.Open(temp["app.db"], SqliteOpenMode.ReadWrite))
        {
            SqliteFile.Execute(making, $"PRAGMA encoding='{encoding}'; CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
        }

        var connection = SqliteFile.Open(temp["app.db"], mode);
        SqliteFile.Execute(connection, sql);
        return connection;
    }
}
