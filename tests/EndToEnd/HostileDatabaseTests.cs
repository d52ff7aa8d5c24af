using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Databases of somebody who may write next to them, and wants this program, run by root, to do harm.</summary>
public sealed class HostileDatabaseTests
{
    [Theory]
    [InlineData("else/victim")]
    [InlineData("else/victim.db-mj01234A9EF")]
    [InlineData("app/app_data/there/victim.db-mj01234A9EF")]
    public void A_file_that_a_journal_names_is_never_removed(string name)
    {
        Machine.NeedRoot("owning what others may not touch");
        using var site = new Site(withMedia: false);
        site.Create();
        HotJournal.Make(site.Database);
        Command.Shell("mkdir -m 700 else; ln -s ../../else app/app_data/there", site.Root);
        var victim = site.In("else/" + Path.GetFileName(name));
        File.WriteAllText(victim, "");
        HotJournal.NameSuperJournal(site.Database, site.In(name));
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app", site.Root);
        string[] said = [$"{site.Database}-journal names {site.In(name)}", "was not opened"];

        site.Run("create", "database").Ends(1).Says(said);
        site.Run("doctor").Ends(1).Prints(said);
        site.Run("restore", "latest", "--yes").Ends(1).Says(said);
        Assert.True(File.Exists(victim));
        Assert.True(File.Exists(site.Database + "-journal"));

        File.Delete(site.Database + "-journal");
        site.Run("restore", "latest", "--yes").Succeeds();
    }

    [Theory]
    [InlineData("mkfifo", "-journal", "FIFO")]
    [InlineData("mkfifo", "-wal", "FIFO")]
    [InlineData("ln -s /etc/passwd", "-shm", "symlink")]
    public void What_is_no_file_next_to_a_database_is_named_and_not_waited_for(string make, string suffix, string kind)
    {
        using var site = new Site(withMedia: false);
        site.Create();
        Command.Shell($"rm -f '{site.Database}'-*; {make} '{site.Database}{suffix}'");
        string[] said = [$"{site.Database}{suffix} is a {kind}"];
        site.Run("create", "database", "--rescan").Ends(1).Says(said);
        site.Run("doctor").Ends(1).Prints(said);
        site.Run("restore", "latest", "--yes").Ends(1).Says(said);
    }

    [Fact]
    public void A_writer_that_is_at_work_over_two_directories_is_no_reason_to_refuse()
    {
        using var site = new Site(withMedia: false);
        Command.Shell($"rm -f '{site.Database}'*");
        using var database = new TestDatabase(site.Database, "delete");
        database.Fill(rows: 50);
        database.Execute("BEGIN IMMEDIATE; UPDATE account SET balance = balance");
        HotJournal.NameSuperJournal(site.Database, "/elsewhere/other.db-mj01234A9EF");
        site.Run("create", "database").Succeeds();
        database.Execute("ROLLBACK");
    }

    [Fact]
    public void A_killed_transaction_over_two_databases_of_one_directory_is_taken_back_in_both()
    {
        Machine.NeedStrace();
        using var site = new Site(withMedia: false);
        var second = Path.Combine(Path.GetDirectoryName(site.Database)!, "second.db");
        site.Settings["databases"]!.AsArray().Add(Site.Source("second", second));
        Command.Shell($"rm -f '{site.Database}'*");
        Command.Run("sqlite3", site.Database, $"ATTACH '{second}' AS b; CREATE TABLE t(x); CREATE TABLE b.u(x)").Succeeds();
        // The transaction is committed when its super-journal is removed: until then both are taken back.
        var killed = Command.Run(
            "strace", "-f", "-o", "/dev/null", "-e", "trace=unlink", "-e", "inject=unlink:signal=KILL:error=EIO", "sqlite3", site.Database,
            $"ATTACH '{second}' AS b; BEGIN; INSERT INTO t VALUES (1); INSERT INTO b.u VALUES (1); COMMIT");
        Assert.NotEqual(0, killed.Code);
        Assert.NotEmpty(Directory.GetFiles(Path.GetDirectoryName(site.Database)!, "*-mj*"));
        var snapshot = site.Create("database");
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Succeeds();
        Assert.Equal("0", Command.Run("sqlite3", site.In("out/app_data/app_data.db"), "SELECT count(*) FROM t").Output.Trim());
        Assert.Equal("0", Command.Run("sqlite3", site.In("out/second/second.db"), "SELECT count(*) FROM u").Output.Trim());
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(site.Database)!, "*-mj*"));
    }

    [Fact]
    public void A_view_without_an_end_keeps_no_backup_and_no_drill_waiting()
    {
        using var site = new Site(withMedia: false);
        MakeEndless(site);
        site.Settings["query_timeout_seconds"] = 1;
        site.Run("create").Succeeds().Says("'SELECT path FROM endless' took longer than 1 seconds");
        site.Run("create").Succeeds().Says("'SELECT path FROM endless' took longer than 1 seconds");
        site.Settings["drill"] = new JsonObject
        {
            ["queries"] = new JsonArray(new JsonObject
            {
                ["name"] = "portraits",
                ["database"] = "app_data",
                ["sql"] = "SELECT count(*) FROM endless",
                ["min"] = 1,
            }),
        };
        site.Run("drill").Ends(1).Says("portraits", "took longer than 1 seconds");
    }

    [Fact]
    public void A_query_ends_within_two_seconds_when_told_to()
    {
        using var site = new Site(withMedia: false);
        MakeEndless(site);
        using var running = site.Start(["create"]);
        // Where the query's answers go is open when it is asked.
        Assert.True(SpinWait.SpinUntil(
            () => Command.Run("find", $"/proc/{running.ProcessId}/fd", "-lname", "*references-*").Output.Length > 0, TimeSpan.FromSeconds(60)));
        running.Signal("TERM");
        var since = System.Diagnostics.Stopwatch.StartNew();
        running.Wait().Ends(143);
        Assert.InRange(since.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    private static void MakeEndless(Site site)
    {
        using var database = site.OpenDatabase();
        database.Execute("CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'x' AS path FROM n WHERE i < 0");
        site.Settings["references"] = new JsonArray(new JsonObject
        {
            ["database"] = "app_data",
            ["sql"] = "SELECT path FROM endless",
            ["storage"] = "storage",
        });
    }
}
