using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>What is put next to a database after it was looked at: here nothing is looked at beforehand.</summary>
public sealed class SqliteGuardTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData("else/app.db-mj01234A9EF")]
    [InlineData("./else/../else/x-mj01234A9EF")]
    public void A_file_that_a_journal_names_stays(string name)
    {
        var database = HotJournal.Make(temp, "app.db");
        var victim = temp.Write("else/" + Path.GetFileName(name), []);
        HotJournal.NameSuperJournal(database, temp[name]);
        using var connection = Open(database);
        Assert.Throws<SqliteException>(() => HotJournal.Content(connection));
        Assert.True(File.Exists(victim));
    }

    [Fact]
    public void A_list_of_journals_that_is_much_too_long_is_not_read_into_memory()
    {
        var database = HotJournal.Make(temp, "app.db");
        var super = temp.Write("app.db-mj01234A9EF", []);
        using (var sparse = new FileStream(super, FileMode.Open))
        {
            sparse.SetLength(2 << 20);
        }

        HotJournal.NameSuperJournal(database, super);
        using var connection = Open(database);
        Assert.Throws<SqliteException>(() => HotJournal.Content(connection));
        Assert.True(File.Exists(super));
    }

    [Fact]
    public void A_transaction_over_databases_in_two_directories_leaves_the_super_journal_to_the_other()
    {
        temp.Make("other");
        var (database, other) = (HotJournal.Make(temp, "app.db"), HotJournal.Make(temp, "other/other.db"));
        var super = temp.Write("app.db-mj01234A9EF", [.. Posix.Bytes(database + "-journal"), 0, .. Posix.Bytes(other + "-journal"), 0]);
        HotJournal.NameSuperJournal(database, super);
        HotJournal.NameSuperJournal(other, super);
        using var connection = Open(database);
        Assert.Equal((500L, 0L), HotJournal.Content(connection));
        Assert.True(File.Exists(super));
    }

    [Theory]
    [InlineData("-journal")]
    [InlineData("-wal")]
    public void A_FIFO_is_not_waited_for(string suffix)
    {
        var database = temp["app.db"];
        Make(database);
        Tools.Run("mkfifo", database + suffix);
        using var connection = Open(database);
        Assert.Throws<SqliteException>(() => SqliteFile.Scalar<long>(connection, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void No_other_file_is_attached()
    {
        var (database, other) = (temp["app.db"], temp["other.db"]);
        Make(database);
        Make(other);
        using var connection = Open(database);
        Assert.Throws<SqliteException>(() => SqliteFile.Execute(connection, $"ATTACH '{other}' AS other"));
        Assert.Throws<SqliteException>(() => SqliteFile.Execute(connection, $"VACUUM INTO '{temp["new.db"]}'"));
        Assert.False(File.Exists(temp["new.db"]));
    }

    private static void Make(string path)
    {
        File.WriteAllBytes(path, []);
        using var made = SqliteFile.Open(path, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(made, "CREATE TABLE t(x)");
    }

    private static SqliteConnection Open(string database)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = database,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            Vfs = SqliteGuard.For(database),
        }.ToString());
        connection.Open();
        return connection;
    }
}
