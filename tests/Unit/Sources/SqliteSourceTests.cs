using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class SqliteSourceTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly RunProgress progress = new(_ => { });

    private string Db => temp["app.db"];

    private string Copied => temp["copy.db"];

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_database_in_wal_mode_is_copied_as_of_its_last_commit_while_it_is_written()
    {
        using var writer = Make("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)");
        SqliteFile.Execute(writer, "BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
        Assert.Null(Copy());
        Assert.Equal(1, Count(Copied));
        SqliteFile.Execute(writer, "COMMIT");
        Assert.Null(Copy());
        Assert.Equal(2, Count(Copied));
    }

    [Fact]
    public void The_write_ahead_log_of_the_application_stays()
    {
        using (var writer = Make("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)"))
        {
            // The files of a process that was killed: a log, and nobody who would check it in.
            File.Copy(Db, temp["killed.db"]);
            File.Copy(Db + "-wal", temp["killed.db-wal"]);
        }

        Assert.Null(Copy("killed.db"));
        Assert.Equal(1, Count(Copied));
        Assert.True(new FileInfo(temp["killed.db-wal"]).Length > 0);
    }

    [Fact]
    public void The_transaction_of_a_killed_writer_is_not_in_the_copy()
    {
        using (var writer = Make("PRAGMA cache_size=5; PRAGMA cache_spill=ON; CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT printf('%0500d', i) FROM n"))
        {
            SqliteFile.Execute(writer, "BEGIN; UPDATE t SET x='gone'");
            File.Copy(Db, temp["killed.db"]);
            File.Copy(Db + "-journal", temp["killed.db-journal"]);
            SqliteFile.Execute(writer, "ROLLBACK");
        }

        Assert.Null(Copy("killed.db"));
        using var copy = SqliteFile.Open(Copied, SqliteOpenMode.ReadOnly);
        Assert.Equal((2000L, 0L), (SqliteFile.Scalar<long>(copy, "SELECT count(*) FROM t"), SqliteFile.Scalar<long>(copy, "SELECT count(*) FROM t WHERE x='gone'")));
    }

    [Fact]
    public void Pages_keep_their_places()
    {
        using (Make("CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT printf('%0500d', i) FROM n; DELETE FROM t WHERE x > '5'"))
        {
        }

        Assert.Null(Copy());
        Assert.Equal(File.ReadAllBytes(Db), File.ReadAllBytes(Copied));
    }

    [Fact]
    public void The_copy_is_nobody_elses_to_read()
    {
        Make("CREATE TABLE t(x)").Dispose();
        Copy();
        Assert.Equal(0x180, Posix.StatusOrNull(Copied)!.Value.Permissions);
    }

    [Fact]
    public void A_database_that_nobody_wrote_to_yet_is_an_empty_file()
    {
        File.WriteAllBytes(Db, []);
        Assert.Null(Look().Wal);
        Assert.Null(Copy());
        Assert.True(new FileInfo(Copied).Length is 0 or 4096);
    }

    [Fact]
    public void A_database_in_another_directory_with_odd_letters_is_found()
    {
        Directory.CreateDirectory(temp["a b%20?#&='"]);
        Make("CREATE TABLE t(x); INSERT INTO t VALUES(1)", "a b%20?#&='/x;y=1.db").Dispose();
        Assert.Null(Copy("a b%20?#&='/x;y=1.db"));
        Assert.Equal(1, Count(Copied));
    }

    [Fact]
    public void A_schema_of_a_newer_sqlite_is_copied_with_a_warning()
    {
        using (var writer = Make("CREATE TABLE t(x); INSERT INTO t VALUES(1)"))
        {
            SqliteFile.Execute(writer, "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE t(x) FROM THE FUTURE'");
        }

        using (var file = File.OpenWrite(Db))
        {
            // The version of the last writer.
            file.Position = 96;
            file.Write([0, 0x2F, 0x50, 0]);
        }

        Assert.Contains("newer than", Copy(), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Db), File.ReadAllBytes(Copied));
    }

    [Fact]
    public void A_schema_that_points_nowhere_is_damage()
    {
        using (var writer = Make("CREATE TABLE t(x); INSERT INTO t VALUES(1)"))
        {
            SqliteFile.Execute(writer, "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage=999");
        }

        Assert.Contains("is damaged", Copy(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_page_is_an_error()
    {
        Make("CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) INSERT INTO t SELECT printf('%0500d', i) FROM n").Dispose();
        var bytes = File.ReadAllBytes(Db);
        bytes.AsSpan(4096 * 20, 200).Fill(0xFF);
        File.WriteAllBytes(Db, bytes);
        Assert.Contains("is damaged", Copy(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_schema_page_is_an_error()
    {
        Make("CREATE TABLE t(x); INSERT INTO t VALUES(1)").Dispose();
        var bytes = File.ReadAllBytes(Db);
        bytes.AsSpan(100, 30).Fill(0xEE);
        File.WriteAllBytes(Db, bytes);
        Assert.Contains("is damaged", Copy(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(16)]
    [InlineData(3)]
    public void Bytes_that_are_no_database_are_said_to_be_so(int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(0xA5);
        File.WriteAllBytes(Db, bytes);
        Assert.Contains("is not a SQLite database", Assert.Throws<UserError>(Look).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_encrypted_behind_a_plain_first_line_is_not_a_database()
    {
        var bytes = new byte[8192];
        bytes.AsSpan().Fill(0xA5);
        SqliteFile.Magic.CopyTo(bytes);
        File.WriteAllBytes(Db, bytes);
        Look();
        Assert.Throws<UserError>(() => Copy());
    }

    [Fact]
    public void A_database_that_is_missing_or_no_file_is_an_error()
    {
        Assert.Contains("does not exist", Assert.Throws<UserError>(Look).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(Db);
        Assert.Contains("is not a file", Assert.Throws<UserError>(Look).Message, StringComparison.Ordinal);
        Directory.Delete(Db);
        Assert.Equal(0, Tools.Run("mkfifo", Db).Exit);
        Assert.Contains("is not a file", Assert.Throws<UserError>(Look).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WAL", "PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES(1)")]
    [InlineData("WAL", "INSERT INTO t VALUES(1); PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES(1)")]
    [InlineData("DELETE", "PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES(1)")]
    [InlineData("DELETE", "PRAGMA journal_mode=PERSIST; PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES(1)")]
    [InlineData("DELETE", "PRAGMA journal_mode=TRUNCATE; PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t VALUES(1)")]
    public void An_application_that_lets_nobody_else_read_is_named_as_that(string journal, string work)
    {
        Make($"PRAGMA journal_mode={journal}; CREATE TABLE t(x)").Dispose();
        using var application = SqliteFile.Open(Db, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(application, work);
        Assert.Contains("locking_mode=EXCLUSIVE", Assert.Throws<UserError>(() => Copy()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_stays_locked_is_an_error_after_the_time_allowed()
    {
        using var writer = Make("CREATE TABLE t(x)");
        SqliteFile.Execute(writer, "BEGIN EXCLUSIVE");
        Assert.Contains("stayed locked", Assert.Throws<UserError>(() => Copy()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_can_be_stopped()
    {
        Make("CREATE TABLE t(x)").Dispose();
        Assert.Throws<OperationCanceledException>(() => Source("app.db").Copy(Copied, progress, new CancellationToken(canceled: true)));
    }

    /// <summary>With so many indexes the check takes a second, and would end well if nobody stopped it.</summary>
    [Fact]
    public void The_check_of_a_copy_can_be_stopped()
    {
        var indexes = string.Concat(Enumerable.Range(1, 8).Select(i => $"CREATE INDEX i{i} ON t(x % {i}00, x); "));
        Make(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE t(x); "
            + $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO t SELECT i FROM n; {indexes}").Dispose();
        using var stop = new CancellationTokenSource();
        var source = Source("app.db");
        source.Copy(Copied, progress, CancellationToken.None);
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => source.Check(Copied, progress, stop.Token));
    }

    [Fact]
    public void A_write_changes_what_is_seen_of_the_database()
    {
        using var writer = Make("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
        var before = Look();
        Assert.NotNull(before.Wal);
        Assert.Equal(before, Look());
        SqliteFile.Execute(writer, "INSERT INTO t VALUES(1)");
        Assert.NotEqual(before, Look());
    }

    private SqliteSource Source(string name) => new(new DatabaseOptions("app", temp[name], TimeSpan.Zero), TimeProvider.System);

    private DatabaseStatus Look() => Source("app.db").Look();

    private string? Copy(string name = "app.db")
    {
        var source = Source(name);
        source.Copy(Copied, progress, TestContext.Current.CancellationToken);
        var check = source.Check(Copied, progress, TestContext.Current.CancellationToken);
        return check.Health == SqliteHealth.Damaged ? source.Damage(check.Detail) : check.Warning;
    }

    private SqliteConnection Make(string sql, string name = "app.db")
    {
        File.WriteAllBytes(temp[name], []);
        var connection = SqliteFile.Open(temp[name], SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(connection, sql);
        return connection;
    }

    private static long Count(string path)
    {
        using var connection = SqliteFile.Open(path, SqliteOpenMode.ReadOnly);
        return SqliteFile.Scalar<long>(connection, "SELECT count(*) FROM t");
    }
}
