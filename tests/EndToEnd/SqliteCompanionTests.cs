using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// An SQLite file that no <c>databases</c> names, and its log: what is done with one is done with the other. A database next to another's
/// log has lost rows, or is damaged.
/// </summary>
public sealed class SqliteCompanionTests
{
    private const string Newest = "UPDATE account SET note = 'newest' WHERE id = 1";

    [Theory]
    [InlineData("app.db", "killed")]
    [InlineData("*.db", "killed")]
    [InlineData("*.db", "stopped")]
    [InlineData("app.db", "open")]
    public void A_log_is_left_out_with_its_database_and_stays_next_to_it(string pattern, string application)
    {
        using var site = Make("d/app.db", out var path);
        site.TreeSettings["exclude"] = new JsonArray(pattern);
        site.Write("d/notes-wal", "saved");
        var snapshot = site.Create("storage");
        Assert.Equal(["storage", "storage/d", "storage/d/notes-wal"], snapshot.Files().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            ("excluded", Directory.GetFiles(site.InStorage("d"), "app.db*").Length),
            (snapshot.Header["sources"]![0]!["left_out"]![0]!["kind"]!.GetValue<string>(), snapshot.Header["sources"]![0]!["left_out"]![0]!["count"]!.GetValue<int>()));

        AssertStays(site, path, application, 0);
        Assert.Equal("saved", File.ReadAllText(site.InStorage("d/notes-wal")));
    }

    [Theory]
    [InlineData("killed")]
    [InlineData("stopped")]
    [InlineData("open")]
    public void A_log_that_an_older_snapshot_has_is_put_next_to_the_one_of_a_database_that_stays(string application)
    {
        using var site = Make("d/app.db", out var path);
        site.Create("storage");
        site.TreeSettings["exclude"] = new JsonArray("*.db");
        AssertStays(site, path, application, 3);
        Assert.Single(Directory.GetFiles(site.InStorage("d"), ".app.db-wal.restore_*"));
    }

    [Fact]
    public void A_log_is_left_out_with_a_database_that_is_mounted_by_itself()
    {
        Machine.NeedRoot("mounting a file");
        using var site = Make("d/app.db", out var path);
        Command.Shell($"mv '{path}' real.db; : >'{path}'; mount --bind real.db '{path}'", site.Root);
        try
        {
            Assert.Equal(["storage", "storage/d"], site.Create("storage").Files().Keys.Order(StringComparer.Ordinal));
            LeaveLog(path, Newest, site.In("real.db"));
            AssertUnchanged(site, path, 0);
        }
        finally
        {
            Command.Run("umount", path);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_log_goes_with_a_file_that_is_mounted_by_itself_and_belongs_to_the_tree(bool isSaved)
    {
        Machine.NeedRoot("mounting a file");
        using var site = Make("d/app.db", out var path);
        site.TreeSettings["one_file_system"] = false;
        Command.Shell($"mv '{path}' real.db; mv '{path}-wal' real.db-wal; {(isSaved ? "" : "#")}cp real.db '{path}'", site.Root);
        site.Create("storage");
        Command.Shell($"mv real.db-wal '{path}-wal'; : >>'{path}'; mount --bind real.db '{path}'", site.Root);
        try
        {
            if (isSaved)
            {
                site.Run("restore", "latest", "--path", "storage/d/app.db", "--yes").Succeeds();
                Assert.False(File.Exists(path + "-wal"));
                Assert.True(File.Exists(Assert.Single(Directory.GetFiles(site.InStorage("d"), "app.db.before_restore_*Z")) + "-wal"));
            }
            else
            {
                AssertUnchanged(site, path, 3);
            }
        }
        finally
        {
            Command.Run("umount", path);
        }
    }

    [Fact]
    public void A_log_stays_with_a_database_that_is_a_storage_by_itself()
    {
        using var site = Make("d/app.db", out var path);
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("one", path));
        site.Run("create", "storage").IsPartial("one/app.db", "its SQLite log is not saved with it");
        Assert.Equal(["one/app.db", "storage", "storage/d"], site.Newest().Files().Keys.Order(StringComparer.Ordinal));
        LeaveLog(path, Newest);
        AssertUnchanged(site, path, 0, "--path", "storage");

        site.Run("restore", site.Newest().Id, "--yes").Succeeds();
        Assert.False(File.Exists(path + "-wal"));
        Assert.Equal(1, CountNewest(Assert.Single(Directory.GetFiles(site.InStorage("d"), "app.db.before_restore_*Z"))));
    }

    [Fact]
    public void A_database_without_the_journal_that_takes_half_a_transaction_back_is_not_complete()
    {
        using var site = new Site(withMedia: false);
        HotJournal.Make(site.InStorage("app.db"));
        site.Write("a", "a");
        site.TreeSettings["exclude"] = new JsonArray("*-journal");
        site.Run("create", "storage").IsPartial("app.db", "its SQLite log is not saved with it", "databases");
        site.TreeSettings["exclude"] = new JsonArray("app.db*");
        site.Create("storage", "--accept-shrink");
        site.TreeSettings["exclude"] = new JsonArray("*-journal");
        Command.Shell("sqlite3 app.db 'pragma journal_mode=persist; update account set balance = 8'", site.Storage);
        Assert.True(File.Exists(site.InStorage("app.db-journal")));
        site.Create("storage");
    }

    [Theory]
    [InlineData("storage/d/app.db", false)]
    [InlineData("storage/d/app.db", true)]
    [InlineData("*.db", false)]
    [InlineData("*.db", true)]
    public void A_database_that_is_asked_for_brings_its_log(string asked, bool isElsewhere)
    {
        using var site = Make("d/app.db", out var path);
        LeaveLog(path, Newest);
        HotJournal.Make(site.InStorage("d/other.db"));
        site.Write("d/notes.db", "no database");
        site.Write("d/notes.db-wal", "an ordinary file");
        site.Create("storage");
        LeaveLog(path, "DELETE FROM account");
        site.Write("d/notes.db-wal", "later");
        string[] to = isElsewhere ? ["--to", site.In("out")] : [];
        site.Run(["restore", "latest", "--path", asked, "--yes", .. to]).Succeeds();

        var restored = isElsewhere ? site.In("out/storage/d") : site.InStorage("d");
        Assert.Equal(1, CountNewest(Path.Combine(restored, "app.db")));
        Assert.Equal(isElsewhere ? null : "later", File.Exists(Path.Combine(restored, "notes.db-wal")) ? File.ReadAllText(Path.Combine(restored, "notes.db-wal")) : null);
        if (asked.Contains('*', StringComparison.Ordinal))
        {
            using var other = new TestDatabase(Path.Combine(restored, "other.db"), "delete");
            Assert.Equal((500_000L, "ok"), (other.Number("SELECT sum(balance) FROM account"), other.Text("PRAGMA integrity_check")));
        }
    }

    [Fact]
    public void A_log_that_alone_is_asked_for_does_not_replace_the_one_of_a_live_database()
    {
        using var site = Make("d/app.db", out var path);
        site.Create("storage");
        LeaveLog(path, Newest);
        site.Run("restore", "latest", "--path", "storage/d/app.db-wal", "--dry-run").Prints(".app.db-wal.restore_");
        AssertUnchanged(site, path, 3, "--path", "storage/d/app.db-wal");
    }

    /// <summary>A tree with a database whose application was killed when its rows were in the log only.</summary>
    private static Site Make(string below, out string path)
    {
        var site = new Site(withMedia: false);
        path = site.InStorage(below);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var database = new TestDatabase(path))
        {
            database.Fill(rows: 50);
        }

        LeaveLog(path, "UPDATE account SET note = 'older'");
        return site;
    }

    /// <summary>As an application does that is killed.</summary>
    private static void LeaveLog(string path, string sql, string? file = null)
    {
        using (var database = new TestDatabase(path))
        {
            database.Execute($"PRAGMA wal_checkpoint(TRUNCATE); {sql}");
            Command.Shell($"cp '{path}' '{path}.left'; cp '{path}-wal' '{path}.left-wal'");
        }

        // What is mounted by itself keeps its file.
        Command.Shell(file is null ? $"mv '{path}.left' '{path}'" : $"cat '{path}.left' >'{file}'; rm '{path}.left'");
        Command.Shell($"mv '{path}.left-wal' '{path}-wal'");
    }

    private static void AssertStays(Site site, string path, string application, int code)
    {
        if (application == "open")
        {
            using var database = new TestDatabase(path);
            database.Execute(Newest);
            site.Run("restore", "latest", "--yes").Ends(code);
            Assert.Equal(1, database.Number("SELECT count(*) FROM account WHERE note = 'newest'"));
            using var another = new TestDatabase(path);
            Assert.Equal(1, another.Number("SELECT count(*) FROM account WHERE note = 'newest'"));
            Assert.Equal("ok", another.Text("PRAGMA integrity_check"));
            return;
        }

        LeaveLog(path, Newest);
        if (application == "stopped")
        {
            CountNewest(path);
            Assert.False(File.Exists(path + "-wal"));
        }

        AssertUnchanged(site, path, code);
    }

    private static void AssertUnchanged(Site site, string path, int code, params string[] chosen)
    {
        var before = Describe();
        site.Run(["restore", site.Newest().Id, "--yes", .. chosen]).Ends(code);
        Assert.Equal(before, Describe());

        string Describe() => Command.Shell($"stat -c '%n %i %s %y' '{path}'*; cat '{path}'* | sha256sum").Output;
    }

    private static long CountNewest(string path)
    {
        using var database = new TestDatabase(path);
        Assert.Equal("ok", database.Text("PRAGMA integrity_check"));
        return database.Number("SELECT count(*) FROM account WHERE note = 'newest'");
    }
}
