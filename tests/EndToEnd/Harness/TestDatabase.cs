using Microsoft.Data.Sqlite;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// A database as the application has it open. Its accounts hold a fixed sum, moved about in transactions that touch pages far
/// apart: a copy that is torn, or of half a transaction, does not add up.
/// </summary>
internal sealed class TestDatabase : IDisposable
{
    private const int Balance = 1000;

    private readonly SqliteConnection connection;

    static TestDatabase() => SQLitePCL.Batteries_V2.Init();

    public TestDatabase(string path, string journalMode = "wal")
    {
        Path = path;
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 60 }.ToString());
        connection.Open();
        Assert.Equal(journalMode, Text($"PRAGMA journal_mode={journalMode}"));
        Execute("PRAGMA synchronous=OFF");
    }

    public string Path { get; }

    /// <summary>Makes the accounts; a row is about 300 bytes.</summary>
    public void Fill(int rows)
    {
        Execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, note BLOB NOT NULL)");
        Execute($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
            + $"INSERT INTO account SELECT i, {Balance}, randomblob(280) FROM n");
    }

    /// <summary>Moves an amount between accounts of which one is at the beginning and one at the end of the file.</summary>
    public void Transfer(int step)
    {
        Execute("BEGIN IMMEDIATE");
        Execute($"UPDATE account SET balance = balance - 1 WHERE id = 1 + ({step} % 50)");
        Execute($"UPDATE account SET balance = balance + 1 WHERE id = (SELECT max(id) FROM account) - ({step} % 50)");
        Execute("COMMIT");
    }

    public void Execute(string sql)
    {
        using var command = NewCommand(sql);
        command.ExecuteNonQuery();
    }

    public long Number(string sql)
    {
        using var command = NewCommand(sql);
        return (long)command.ExecuteScalar()!;
    }

    public string Text(string sql)
    {
        using var command = NewCommand(sql);
        return (string)command.ExecuteScalar()!;
    }

    /// <summary>Checks a copy: it is sound, and its accounts add up.</summary>
    public static void CheckCopy(string path)
    {
        using var copy = new TestDatabase(path, "delete");
        Assert.Equal("ok", copy.Text("PRAGMA integrity_check"));
        Assert.Equal(Balance, copy.Number("SELECT sum(balance) / count(*) FROM account"));
        Assert.Equal(0, copy.Number("SELECT sum(balance) % count(*) FROM account"));
    }

    /// <summary>The whole content as SQL, for comparing.</summary>
    public static string Dump(string path) => Command.Run("sqlite3", path, ".dump").Succeeds().Output;

    public void Dispose() => connection.Dispose();

    private SqliteCommand NewCommand(string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own words.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}

/// <summary>An application that writes to its database without a pause until disposed.</summary>
internal sealed class LiveWriter : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly Task writing;
    private int steps;

    public LiveWriter(TestDatabase database) => writing = Task.Run(() =>
    {
        while (!stopping.IsCancellationRequested)
        {
            database.Transfer(Interlocked.Increment(ref steps));
        }
    });

    public int Steps => Volatile.Read(ref steps);

    public void Dispose()
    {
        stopping.Cancel();
        writing.Wait();
        stopping.Dispose();
    }
}
