using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>Databases of all kinds and in all states, and what is said of them.</summary>
public sealed class SqliteCheckerTests : IDisposable
{
    private const string Rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<600)";

    private readonly TempDirectory temp = new();

    private string Db => temp["app.db"];

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData("PRAGMA journal_mode=WAL")]
    [InlineData("PRAGMA auto_vacuum=FULL")]
    [InlineData("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL")]
    [InlineData("PRAGMA page_size=512")]
    [InlineData("PRAGMA page_size=65536")]
    [InlineData("PRAGMA encoding='UTF-16le'")]
    public void A_sound_database_is_sound_whatever_its_shape(string pragma)
    {
        Make($"""
            {pragma}; CREATE TABLE t(a INTEGER PRIMARY KEY, b NOT NULL CHECK (length(b) > 3), c AS (b || 'x'), d AS (a + 1) STORED); CREATE INDEX i ON t(lower(b)) WHERE a > 5;
            CREATE TABLE k(a, b, PRIMARY KEY (b, a)) WITHOUT ROWID; CREATE TABLE s(a INT, b ANY) STRICT; CREATE VIEW v AS SELECT 1; CREATE VIRTUAL TABLE f USING fts5(x);
            CREATE VIRTUAL TABLE r USING rtree(id, a, b); {Rows} INSERT INTO t(b) SELECT hex(randomblob(300)) FROM n; INSERT INTO k SELECT a, b FROM t; INSERT INTO f SELECT b FROM t;
            INSERT INTO r SELECT a, a, a + 1 FROM t; DELETE FROM t WHERE a % 3 = 0
            """);
        Is(SqliteHealth.Sound, "");
    }

    [Theory]
    [InlineData("")]
    [InlineData("PRAGMA journal_mode=WAL")]
    public void Without_a_table_it_is_empty(string sql)
    {
        Make(sql);
        Is(SqliteHealth.Empty, "");
    }

    [Theory]
    [InlineData("CREATE TABLE t(a, b)", "CREATE TABLE t(a TEXT NOT NULL, b)", "INSERT INTO t VALUES (NULL, 1), (NULL, 2)", "NULL value in t.a (2 rows)")]
    [InlineData("CREATE TABLE t(a, b)", "CREATE TABLE t(a CHECK (a > 5), b)", "INSERT INTO t VALUES (1, 1)", "CHECK constraint failed in t (1 row)")]
    [InlineData("CREATE TABLE t(a, b)", "CREATE TABLE t(a TEXT, b)", "INSERT INTO t VALUES (1, 1)", "NUMERIC value in t.a (1 row)")]
    [InlineData("CREATE TABLE t(a, b)", "CREATE TABLE t(a INT, b ANY) STRICT", "INSERT INTO t VALUES ('x', 1)", "non-INT value in t.a (1 row)")]
    public void Rows_that_break_a_constraint_are_named_and_no_damage(string made, string became, string rows, string detail)
    {
        Make($"{made}; {rows}; PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='{became}' WHERE name='t'");
        Is(SqliteHealth.FaultyRows, detail);
    }

    [Fact]
    public void Rows_that_are_not_unique_are_named_with_their_table()
    {
        Make("CREATE TABLE t(a); CREATE INDEX i ON t(a); INSERT INTO t VALUES (1), (1); PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE UNIQUE INDEX i ON t(a)' WHERE name='i'");
        Is(SqliteHealth.FaultyRows, "non-unique entry in index i of table t (1 row)");
    }

    /// <summary>A check ends after a number of messages; damage after those must not stay unseen.</summary>
    [Fact]
    public void Damage_behind_very_many_faulty_rows_is_found()
    {
        Make($"""
            CREATE TABLE a(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000) INSERT INTO a SELECT NULL FROM n;
            CREATE TABLE z(x); CREATE INDEX i ON z(x); {Rows} INSERT INTO z SELECT i FROM n;
            PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE a(x NOT NULL)' WHERE name='a'; UPDATE sqlite_schema SET sql='CREATE INDEX i ON z(x + 1)' WHERE name='i'
            """);
        Is(SqliteHealth.Damaged, "missing from index i");
    }

    [Theory]
    [InlineData("CREATE TABLE t(a); CREATE INDEX i ON t(shout(a))", "the function shout")]
    [InlineData("CREATE TABLE t(a CHECK (a REGEXP 'x'))", "the function REGEXP")]
    [InlineData("CREATE TABLE t(a, b AS (shout(a)) NOT NULL)", "the function shout")]
    [InlineData("CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE shout(a) > 'A'", "the function shout")]
    [InlineData("CREATE TABLE t(a COLLATE GERMAN UNIQUE)", "the collation GERMAN")]
    [InlineData("CREATE TABLE t(a COLLATE GERMAN PRIMARY KEY) WITHOUT ROWID", "the collation GERMAN")]
    public void What_is_missing_is_named_and_the_rest_is_checked(string sql, string missing)
    {
        MakeWithApplication($"{sql}; CREATE TABLE o(x); INSERT INTO t(a) VALUES ('x'), ('b'), ('a'); {Rows} INSERT INTO o SELECT hex(randomblob(300)) FROM n");
        Is(SqliteHealth.NotFullyCheckable, missing);
        Overwrite(page: -5);
        Is(SqliteHealth.Damaged, "");
    }

    [Fact]
    public void Two_things_missing_in_one_table_are_both_named_and_its_other_index_is_checked()
    {
        const string sql = "CREATE TABLE t(a, b, c COLLATE GERMAN); CREATE INDEX i ON t(shout(a)); CREATE INDEX j ON t(c); CREATE INDEX k ON t(b); INSERT INTO t VALUES ('x', 1, 'ö'), ('y', 2, 'a')";
        MakeWithApplication(sql);
        Is(SqliteHealth.NotFullyCheckable, "the collation GERMAN, the function shout");
        MakeWithApplication("CREATE TABLE t(a, b); CREATE INDEX i ON t(shout(a)); CREATE INDEX k ON t(b); INSERT INTO t VALUES ('x', 1), ('y', 2);"
            + "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE INDEX k ON t(b + 1)' WHERE name='k'");
        Is(SqliteHealth.Damaged, "missing from index k");
    }

    [Theory]
    [InlineData("CREATE VIRTUAL TABLE v USING vec0(a)", "the module vec0")]
    [InlineData("CREATE VIRTUAL TABLE v USING fts5(a, tokenize=''icu'')", "the tokenizer icu")]
    public void A_virtual_table_of_the_application_is_named_and_its_pages_are_checked(string sql, string missing)
    {
        Make($"CREATE VIRTUAL TABLE v USING fts5(a); {Rows} INSERT INTO v SELECT hex(randomblob(300)) FROM n; PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='{sql}' WHERE name='v'");
        Is(SqliteHealth.NotFullyCheckable, missing);
        Overwrite(page: 12);
        Is(SqliteHealth.Damaged, "");
    }

    [Theory]
    [InlineData("DELETE FROM f_data WHERE id > 10")]
    [InlineData("DELETE FROM r_node WHERE nodeno > 1")]
    public void Virtual_tables_are_looked_into(string sql)
    {
        Make($"CREATE VIRTUAL TABLE f USING fts5(x); CREATE VIRTUAL TABLE r USING rtree(id, a, b); {Rows} INSERT INTO f SELECT hex(randomblob(30)) FROM n; INSERT INTO r SELECT rowid, rowid, rowid FROM f; {sql}");
        Is(SqliteHealth.Damaged, "");
    }

    [Fact]
    public void A_wrong_word_in_the_schema_is_damage()
    {
        Make("CREATE TABLE t(x); INSERT INTO t VALUES(1); PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABEL t(x)'");
        Is(SqliteHealth.Damaged, "the schema cannot be read");
    }

    [Theory]
    [InlineData(3_099_000, true)]
    [InlineData(0xFFFF_FFFF, false)]
    public void The_schema_of_a_newer_sqlite_is_told_by_the_version_of_its_last_writer(uint version, bool isNewer)
    {
        Make($"CREATE TABLE o(x); {Rows} INSERT INTO o SELECT hex(randomblob(300)) FROM n; CREATE TABLE t(x); PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE t(x) FROM THE FUTURE' WHERE name='t'");
        var bytes = File.ReadAllBytes(Db);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(96), version);
        File.WriteAllBytes(Db, bytes);
        Is(isNewer ? SqliteHealth.NotFullyCheckable : SqliteHealth.Damaged, isNewer ? "written by SQLite 3.99.0" : "the schema cannot be read");
        Overwrite(page: 12);
        Is(SqliteHealth.Damaged, "");
    }

    [Theory]
    [InlineData("UPDATE sqlite_schema SET rootpage=9999 WHERE name='o'")]
    [InlineData("UPDATE sqlite_schema SET rootpage=2 WHERE name='i'")]
    [InlineData("DELETE FROM sqlite_schema WHERE name='i'")]
    public void Trees_that_are_lost_or_used_twice_are_damage(string sql)
    {
        Make($"CREATE TABLE o(x); CREATE INDEX i ON o(x); {Rows} INSERT INTO o SELECT hex(randomblob(300)) FROM n; PRAGMA writable_schema=ON; {sql}");
        Is(SqliteHealth.Damaged, "");
    }

    [Fact]
    public void Free_pages_are_checked()
    {
        MakeWithApplication($"CREATE TABLE t(a); CREATE INDEX i ON t(shout(a)); CREATE TABLE o(x); {Rows} INSERT INTO o SELECT hex(randomblob(300)) FROM n; DROP TABLE o");
        Is(SqliteHealth.NotFullyCheckable, "shout");
        var bytes = File.ReadAllBytes(Db);
        bytes[39]--;
        File.WriteAllBytes(Db, bytes);
        Is(SqliteHealth.Damaged, "reelist");
    }

    [Fact]
    public void A_file_that_is_none_or_cut_short_is_damaged()
    {
        Make($"CREATE TABLE o(x); {Rows} INSERT INTO o SELECT hex(randomblob(300)) FROM n");
        File.WriteAllBytes(Db, File.ReadAllBytes(Db)[..50_000]);
        Is(SqliteHealth.Damaged, "");
        temp.Write("app.db", Enumerable.Repeat((byte)0xA5, 8192).ToArray());
        Is(SqliteHealth.Damaged, "not a database");
    }

    /// <summary>Whoever writes the schema says what is computed for each row.</summary>
    [Fact]
    public void A_schema_that_computes_without_end_does_not_hold_the_check()
    {
        Make($"CREATE TABLE t(a); {Rows} INSERT INTO t SELECT i FROM n; PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE TABLE t(a CHECK (length(hex(zeroblob(10000000))) > a))' WHERE name='t'");
        var check = SqliteChecker.Run(Db, TestContext.Current.CancellationToken, patience: TimeSpan.FromMilliseconds(50));
        Assert.Equal(SqliteHealth.NotFullyCheckable, check.Health);
        Assert.Contains("its rows take more than", check.Detail, StringComparison.Ordinal);
    }

    /// <summary>Statements hear that the time is over while they run. Here it is over before the first of them.</summary>
    [Fact]
    public void A_time_that_is_over_between_two_statements_ends_the_check_too()
    {
        MakeWithApplication($"PRAGMA page_size=512; CREATE TABLE t(a); CREATE INDEX i ON t(shout(a)); CREATE TABLE o(x); {Rows} INSERT INTO o SELECT zeroblob(50000) FROM n");
        Is(SqliteHealth.NotFullyCheckable, "the function shout");
        var check = SqliteChecker.Run(Db, TestContext.Current.CancellationToken, patience: TimeSpan.Zero);
        Assert.Equal(SqliteHealth.NotFullyCheckable, check.Health);
        Assert.Contains("its rows take more than", check.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_quotes_is_a_name()
    {
        MakeWithApplication("CREATE TABLE \"it's \"\"odd\"\"\"(a NOT NULL); CREATE TABLE t(a); CREATE INDEX \"in'dex\" ON t(shout(a)); INSERT INTO t VALUES ('x')");
        Is(SqliteHealth.NotFullyCheckable, "shout");
    }

    private void Is(SqliteHealth health, string detail)
    {
        var before = File.ReadAllBytes(Db);
        var check = SqliteChecker.Run(Db, TestContext.Current.CancellationToken);
        Assert.Equal((health, true), (check.Health, check.Detail.Contains(detail, StringComparison.Ordinal) ? true : throw new InvalidOperationException($"{check}")));
        Assert.Equal(before, File.ReadAllBytes(Db));
        Assert.Equal([Db], Directory.GetFileSystemEntries(Path.GetDirectoryName(Db)!));
    }

    private void Make(string sql)
    {
        File.WriteAllBytes(Db, []);
        using var connection = SqliteFile.Open(Db, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(connection, sql);
    }

    private void MakeWithApplication(string sql)
    {
        File.WriteAllBytes(Db, []);
        using var connection = SqliteFile.Open(Db, SqliteOpenMode.ReadWrite);
        connection.CreateFunction("shout", (string s) => s.ToUpperInvariant(), isDeterministic: true);
        connection.CreateFunction("regexp", (string a, string b) => true, isDeterministic: true);
        connection.CreateCollation("GERMAN", (a, b) => -string.CompareOrdinal(a, b));
        // It trusts its own schema.
        SqliteFile.Execute(connection, "PRAGMA trusted_schema=ON");
        SqliteFile.Execute(connection, sql);
    }

    /// <summary>Half of a page; a negative number counts from the end.</summary>
    private void Overwrite(int page)
    {
        var bytes = File.ReadAllBytes(Db);
        bytes.AsSpan((page < 0 ? (bytes.Length / 4096) + page : page) * 4096, 2048).Fill(0xFF);
        File.WriteAllBytes(Db, bytes);
    }
}
