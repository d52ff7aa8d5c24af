namespace VertexAr.Backup.EndToEnd;

/// <summary>Databases that are in use while they are saved.</summary>
public sealed class LiveDatabaseTests
{
    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    [InlineData("truncate")]
    [InlineData("persist")]
    public void A_database_that_is_written_to_all_the_time_is_saved_whole(string journalMode)
    {
        using var site = new Site(withMedia: false);
        File.Delete(site.Database);
        using var database = new TestDatabase(site.Database, journalMode);
        database.Fill(rows: 20_000);
        using (var writer = new LiveWriter(database))
        {
            for (var run = 0; run < 4; run++)
            {
                var before = writer.Steps;
                site.Create("database");
                Assert.True(SpinWait.SpinUntil(() => writer.Steps > before, TimeSpan.FromSeconds(20)), "the writer stood still");
            }
        }

        Assert.All(site.Snapshots(), snapshot => TestDatabase.CheckCopy(Path.Combine(snapshot.Recover(), "app_data/app_data.db")));
    }

    [Fact]
    public void What_is_only_in_the_write_ahead_log_is_saved()
    {
        using var site = new Site();
        using var database = site.OpenDatabase();
        database.Execute("PRAGMA wal_autocheckpoint=0");
        database.Execute("CREATE TABLE late (word TEXT)");
        database.Execute("INSERT INTO late VALUES ('committed')");
        Assert.Contains("committed", TestDatabase.Dump(Path.Combine(site.Create("database").Recover(), "app_data/app_data.db")), StringComparison.Ordinal);
        Assert.True(new FileInfo(site.Database + "-wal").Length > 0, "the log was taken away");
    }

    [Fact]
    public void A_transaction_that_is_not_committed_is_not_in_the_snapshot()
    {
        using var site = new Site();
        using var database = site.OpenDatabase();
        database.Execute("BEGIN IMMEDIATE");
        database.Execute("DELETE FROM account WHERE id > 1");
        TestDatabase.CheckCopy(Path.Combine(site.Create("database").Recover(), "app_data/app_data.db"));
        database.Execute("ROLLBACK");
    }

    [Fact]
    public void A_change_of_the_database_is_found_by_the_next_run()
    {
        using var site = new Site();
        using var database = site.OpenDatabase();
        site.Create("database");
        database.Execute("CREATE TABLE marker (word TEXT)");
        Assert.Contains("marker", TestDatabase.Dump(Path.Combine(site.Create("database").Recover(), "app_data/app_data.db")), StringComparison.Ordinal);
    }

    /// <summary>The file may be written and its directory may not: SQLite calls that SQLITE_READONLY_DIRECTORY.</summary>
    [Fact]
    public void A_closed_database_in_a_directory_that_may_not_be_written_to_is_read_as_a_file()
    {
        using var site = new Site(withMedia: false);
        var before = site.BelongToOrdinaryUser();
        var directory = Path.GetDirectoryName(site.Database)!;
        Assert.False(File.Exists(site.Database + "-wal"));
        Command.Shell($"chmod 555 '{directory}'");
        site.Run(["create", "database"], before: before).Succeeds();
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        TestDatabase.CheckCopy(site.In("out/app_data/app_data.db"));
        Assert.Equal([site.Database], Directory.GetFileSystemEntries(directory));
    }

    [Fact]
    public void A_database_that_stays_locked_is_given_up_after_the_configured_time()
    {
        using var site = new Site();
        File.Delete(site.Database);
        using var database = new TestDatabase(site.Database, "delete");
        database.Fill(rows: 10);
        database.Execute("BEGIN EXCLUSIVE");
        site.Settings["lock_timeout_seconds"] = 1;
        site.Run("create").IsPartial("app_data", site.Database, "stayed locked for 1 seconds", "lock_timeout_seconds");
        site.Run("create", "database").Fails(1, "app_data", "stayed locked");
        Assert.Single(site.Snapshots());
        database.Execute("COMMIT");
        site.Create();
    }

    [Fact]
    public void A_lock_that_ends_in_time_is_waited_for()
    {
        using var site = new Site();
        File.Delete(site.Database);
        using var database = new TestDatabase(site.Database, "delete");
        database.Fill(rows: 10);
        database.Execute("BEGIN EXCLUSIVE");
        using var run = site.Start(["create", "database"]);
        Assert.True(SpinWait.SpinUntil(() => HasOpen(run.ProcessId, site.Database), TimeSpan.FromSeconds(20)), "the run never opened the database");
        database.Execute("COMMIT");
        run.Wait().Succeeds();
    }

    [Fact]
    public void The_copy_on_its_way_is_open_to_its_owner_only_and_then_gone()
    {
        Machine.NeedStrace();
        using var site = new Site();
        var log = site.In("strace.log");
        site.Run(["create", "database"], before: ["strace", "-f", "-o", log, "-e", "trace=openat", "--"]).Succeeds();
        var made = File.ReadLines(log).Where(line =>
            line.Contains("/staging/", StringComparison.Ordinal) && line.Contains("app_data.db\"", StringComparison.Ordinal) && line.Contains("O_CREAT", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(made);
        Assert.Contains("O_EXCL", made[0], StringComparison.Ordinal);
        Assert.Contains("0600", made[0], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "staging")));
    }

    private static bool HasOpen(int process, string path) =>
        Directory.Exists($"/proc/{process}/fd") && Command.Run("find", $"/proc/{process}/fd", "-lname", path).Output.Length > 0;
}
