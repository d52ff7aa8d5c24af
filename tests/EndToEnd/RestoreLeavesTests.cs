using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What a restore in place leaves alone although no configuration names it: repositories, open databases, links on the way to sources.</summary>
public sealed class RestoreLeavesTests
{
    [Fact]
    public void A_repository_in_the_tree_stays_where_it_is_without_any_configuration()
    {
        using var site = new Site(withMedia: false);
        site.Write("text.txt", "saved");
        site.Create("storage");
        Command.Run("cp", "-a", site.Backups, site.InStorage("old-backups")).Succeeds();
        site.Write("text.txt", "ruined");
        var inode = Inodes(site, "old-backups old-backups/packs");
        string[] bare = ["--backup-dir", site.Backups, "restore", "latest", "--as-in-snapshot", "--allow", site.In("app")];
        Program.Run([.. bare, "--dry-run"], null).Succeeds().Prints($"left alone: {site.InStorage("old-backups")} (a backup directory)");
        Program.RunOnTerminal("y", bare).Succeeds();
        Assert.Equal(inode, Inodes(site, "old-backups old-backups/packs"));
        Assert.Equal("saved", File.ReadAllText(site.InStorage("text.txt")));
        Program.Run("--backup-dir", site.InStorage("old-backups"), "verify", "--deep").Succeeds();
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public void A_database_in_the_tree_that_an_application_has_open_is_not_replaced(string journal)
    {
        using var site = new Site(withMedia: false);
        Directory.CreateDirectory(site.InStorage("db"));
        site.Write("text.txt", "saved");
        using (var database = new TestDatabase(site.InStorage("db/thumbs.sqlite"), journal))
        {
            database.Fill(rows: 50);
        }

        site.Create("storage");
        site.Write("text.txt", "ruined");
        using (var database = new TestDatabase(site.InStorage("db/thumbs.sqlite"), journal))
        {
            database.Execute("UPDATE account SET note = 'in use' WHERE id = 1");
            var before = Directory.GetFileSystemEntries(site.In("app"));
            string[] words = [site.InStorage("db/thumbs.sqlite"), "is in use by", $"process {System.Environment.ProcessId}", "stop the application", "databases"];
            site.Run("restore", "latest", "--dry-run").Succeeds().Says(words[..3]).Says("until it is stopped, the restore is refused").Prints(site.Storage);
            site.Run("restore", "latest", "--yes").Fails(1, words);
            site.Run("restore", "latest", "--path", "storage/db", "--yes").Fails(1, words);
            Assert.Equal(before, Directory.GetFileSystemEntries(site.In("app")));
            Assert.Equal("ruined", File.ReadAllText(site.InStorage("text.txt")));

            site.Run("restore", "latest", "--path", "storage/text.txt", "--yes").Succeeds();
            Assert.Equal("saved", File.ReadAllText(site.InStorage("text.txt")));
            Assert.Equal(1, database.Number("SELECT count(*) FROM account WHERE note = 'in use'"));
        }

        site.Run("restore", "latest", "--yes").Succeeds();
        using var restored = new TestDatabase(site.InStorage("db/thumbs.sqlite"), journal);
        Assert.Equal(0, restored.Number("SELECT count(*) FROM account WHERE note = 'in use'"));
    }

    /// <summary>SQLite would write a newer log into the older database, and the kept one would lack its newest rows.</summary>
    [Theory]
    [InlineData("a log that is excluded")]
    [InlineData("only the database's file")]
    [InlineData("a source of one file")]
    public void A_log_goes_with_the_database_that_is_replaced(string what)
    {
        using var site = new Site(withMedia: false);
        var path = site.InStorage("db/thumbs.sqlite");
        Directory.CreateDirectory(site.InStorage("db"));
        using (var database = new TestDatabase(path))
        {
            database.Fill(rows: 50);
        }

        if (what.Contains("excluded", StringComparison.Ordinal))
        {
            site.TreeSettings["exclude"] = new JsonArray("*-wal", "*-shm");
        }
        else if (what.Contains("source", StringComparison.Ordinal))
        {
            site.Settings["storage"] = new JsonArray(Site.Source("thumbs", path));
        }

        site.Create("storage");
        LeaveLog(path);
        string[] chosen = what.Contains("only", StringComparison.Ordinal) ? ["--path", "storage/db/thumbs.sqlite"] : [];
        site.Run(["restore", "latest", "--yes", .. chosen]).Succeeds();
        Assert.False(File.Exists(path + "-wal"));
        Assert.Equal(0, Newest(path));
        Assert.Equal(1, Newest(Directory.GetFiles(site.In("app"), "thumbs.sqlite*", SearchOption.AllDirectories).Single(
            file => file.Contains(".before_restore_", StringComparison.Ordinal) && !file.EndsWith("-wal", StringComparison.Ordinal))));
    }

    private static long Newest(string path)
    {
        using var database = new TestDatabase(path);
        Assert.Equal("ok", database.Text("PRAGMA integrity_check"));
        return database.Number("SELECT count(*) FROM account WHERE note = 'newest'");
    }

    /// <summary>As an application does that is killed.</summary>
    private static void LeaveLog(string path)
    {
        using (var database = new TestDatabase(path))
        {
            database.Execute("UPDATE account SET note = 'newest' WHERE id = 1");
            Command.Shell($"cp '{path}' left; cp '{path}-wal' left-wal", Path.GetDirectoryName(path));
        }

        Command.Shell($"mv left '{path}'; mv left-wal '{path}-wal'", Path.GetDirectoryName(path));
    }

    [Fact]
    public void Links_on_the_way_to_a_database_stay_and_lead_to_the_live_one()
    {
        using var site = new Site(withMedia: false);
        site.Write("text.txt", "saved");
        Command.Shell("mkdir -p data/v1; ln -s data/v1 current", site.Storage);
        using (var database = new TestDatabase(site.InStorage("data/v1/app.db")))
        {
            database.Fill(rows: 50);
        }

        site.Settings["databases"] = new JsonArray(Site.Source("app", site.InStorage("current/app.db")));
        site.Create();
        Command.Shell("mv data/v1 data/v2; ln -sfn data/v2 current; echo ruined > text.txt", site.Storage);
        site.Run("restore", "latest", "--only", "storage", "--dry-run").Succeeds().Prints($"left alone: {site.InStorage("current")} (a link on the way to 'app')");
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.Equal("data/v2", new FileInfo(site.InStorage("current")).LinkTarget);
        TestDatabase.CheckCopy(site.InStorage("current/app.db"));
        Assert.Equal("saved", File.ReadAllText(site.InStorage("text.txt")));
        site.Run("create").Succeeds();

        Command.Shell("echo ruined > text.txt", site.Storage);
        var quiet = site.Run("restore", "latest", "--yes").Succeeds();
        Assert.DoesNotContain("is left as it is", quiet.Errors, StringComparison.Ordinal);
        Assert.Equal("data/v2", new FileInfo(site.InStorage("current")).LinkTarget);
        TestDatabase.CheckCopy(site.InStorage("current/app.db"));
    }

    private static string Inodes(Site site, string names) => Command.Shell($"stat -c '%n %i' {names}", site.Storage).Output;
}
