namespace VertexAr.Backup.EndToEnd;

/// <summary>SQLite names a log after the path by which the file was opened, links resolved: a snapshot must have the rows that are only there.</summary>
public sealed class DatabasePathTests
{
    [Fact]
    public void The_log_of_a_database_is_found_next_to_what_links_lead_to()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("mkdir -p disk/data; mv app/app_data/app_data.db disk/data/real.db; rmdir app/app_data; ln -s ../disk/data app/app_data; ln -s ../data/real.db disk/data/app_data.db", site.Root);
        using var database = site.OpenDatabase();
        database.Execute("CREATE TABLE t(v); INSERT INTO t VALUES ('one')");
        var first = site.Create();
        database.Execute("INSERT INTO t VALUES ('two')");
        var second = site.Create();
        Assert.Equal("one", Values(first));
        Assert.Equal("one,two", Values(second));
        Assert.True(File.Exists(site.In("disk/data/real.db-wal")));
        Assert.Equal(site.In("disk/data/real.db"), second.Header["sources"]![0]!["target"]!.GetValue<string>());
    }

    [Fact]
    public void A_log_that_is_next_to_another_name_makes_the_snapshot_partial()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("mkdir app/other; ln app/app_data/app_data.db app/other/live.db", site.Root);
        using (var database = new TestDatabase(site.In("app/other/live.db")))
        {
            database.Execute("CREATE TABLE t(v); INSERT INTO t VALUES ('one')");
            site.Run("create", "database").IsPartial("app_data/app_data.db", "by another name", "rows may be missing", "EndToEnd (process ");
            site.Run("doctor").Succeeds().Prints("warning  database 'app_data'", "by another name");

            // Once more: what the first run left next to its own name is no log of the application's.
            site.Run("create", "database").IsPartial("rows may be missing");
        }
    }

    [Fact]
    public void A_file_that_is_mounted_by_itself_is_read_where_its_log_is()
    {
        using var site = MountedSite();
        using (var database = site.OpenDatabase())
        {
            database.Execute("INSERT INTO t VALUES ('two')");
            site.Run(["create", "database"], before: Mounting(site)).Succeeds();
            Assert.Equal("one,two", Values(site.Newest()));
        }

        LeaveLog(site, "INSERT INTO t VALUES ('three')");
        site.Run(["create", "database"], before: Mounting(site)).Succeeds();
        Assert.Equal("one,two,three", Values(site.Newest()));
        site.Run(["doctor"], before: Mounting(site)).Prints($"opens as {site.Database}, where its log is");
    }

    /// <summary>As in a container.</summary>
    [Fact]
    public void A_file_that_is_mounted_by_itself_is_not_complete_where_its_other_name_is_not_seen()
    {
        using var site = MountedSite();
        CreateMounted(site);
        LeaveLog(site, "INSERT INTO t VALUES ('two')");
        site.Run(["create", "database"], before: Mounting(site, Hiding(site))).IsPartial("mounted by itself", "rows may be missing");
        var before = Command.Shell("sha256sum app_data.db*", site.In("app/app_data")).Output;
        site.Run(["restore", site.Snapshots()[0].Id, "--yes"], before: Mounting(site, Hiding(site))).Fails(1, "mounted by itself", "its other name is not seen from here", "nothing was changed");
        site.Run(["restore", site.Snapshots()[0].Id, "--dry-run"], before: Mounting(site, Hiding(site))).Says("the restore is refused");
        Assert.Equal(before, Command.Shell("sha256sum app_data.db*", site.In("app/app_data")).Output);
    }

    /// <summary>docker run -v /srv/app.db:/data/app.db, and the application was killed a moment ago: nobody has the file open.</summary>
    [Fact]
    public void A_log_in_a_container_that_has_the_file_mounted_by_itself_is_missed()
    {
        using var site = new Site(withMedia: false);
        using (var database = site.OpenDatabase())
        {
            database.Execute("PRAGMA journal_mode=WAL; CREATE TABLE t(v)");
        }

        using var container = Container(site, FileMount(site, site.Database));
        var inside = site.In("inside/app_data.db");
        try
        {
            site.Create("database");
            Command.Run(
                "nsenter", "-t", $"{container.ProcessId}", "-m", "python3", "-c",
                $"import sqlite3,os; c=sqlite3.connect('{inside}'); c.execute('pragma wal_autocheckpoint=0'); c.execute(\"insert into t values('in the log')\"); c.commit(); os._exit(0)").Succeeds();
            site.Run("create", "database").IsPartial("a log is next to another name", $"/root{inside}-wal", "rows may be missing");
            site.Run("doctor").Prints("warning  database 'app_data'", "rows may be missing");
            site.Run("restore", site.Snapshots()[0].Id, "--yes").Succeeds().Says($"/root{inside}", "goes on with the old content");
        }
        finally
        {
            container.Signal("KILL");
        }
    }

    [Fact]
    public void A_single_file_that_a_container_has_mounted_is_named_when_it_is_replaced()
    {
        using var site = new Site(withMedia: false);
        File.WriteAllText(site.In("app/.env"), "KEY=saved");
        site.Settings["storage"]!.AsArray().Add((System.Text.Json.Nodes.JsonNode)Site.Source("env", site.In("app/.env")));
        using var container = Container(site, FileMount(site, site.In("app/.env")));
        try
        {
            site.Create();
            File.WriteAllText(site.In("app/.env"), "KEY=later");
            site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds().Says($"{site.In("app/.env")} is mounted by itself as /proc/", "goes on showing the old file");
            Assert.Equal("KEY=saved", File.ReadAllText(site.In("app/.env")));
        }
        finally
        {
            container.Signal("KILL");
        }
    }

    [Fact]
    public void What_is_restored_into_a_mounted_file_gets_no_rows_of_the_log_next_to_its_other_name()
    {
        using var site = MountedSite();
        var snapshot = CreateMounted(site);
        LeaveLog(site, "CREATE TABLE other(v); CREATE INDEX i ON t(v); INSERT INTO t VALUES ('two')");
        site.Run(["restore", snapshot.Id, "--yes"], before: Mounting(site)).Succeeds();
        Assert.Equal("one", Values(site.Database));
        var kept = Assert.Single(Directory.GetFiles(site.In("inside"), "app_data.db.before_restore_*"));
        Assert.Equal("one,two", Values(kept));
    }

    [Fact]
    public void A_mounted_file_with_logs_next_to_two_names_is_left_as_it_is()
    {
        using var site = MountedSite();
        var snapshot = CreateMounted(site);
        LeaveLog(site, "INSERT INTO t VALUES ('two')");
        Command.Shell($"cp '{site.Database}-wal' '{site.In("inside/app_data.db-wal")}'", site.Root);
        site.Run(["create", "database"], before: Mounting(site)).IsPartial("a log is next to another name", $"{site.Database}-wal");
        site.Run(["restore", snapshot.Id, "--yes"], before: Mounting(site)).Fails(1, "has a log elsewhere", $"{site.Database}-wal", "nothing was changed");
        Assert.Equal("one,two", Values(site.Database));
    }

    [Fact]
    public void A_journal_next_to_the_name_in_the_directory_is_seen()
    {
        using var site = MountedSite();
        HotJournal.Make(site.Database);
        site.Run(["create", "database"], before: Mounting(site)).Succeeds();
        TestDatabase.CheckCopy(Path.Combine(site.Newest().Restored("app_data"), "app_data.db"));
    }

    [Fact]
    public void A_restore_says_that_further_names_keep_the_old_content()
    {
        using var site = new Site(withMedia: false);
        var snapshot = site.Create("database");
        Command.Shell("ln app_data.db second.db", site.In("app/app_data"));
        site.Run("restore", snapshot.Id, "--yes").Succeeds().Says("is restored under this name only", "second.db");
    }

    /// <summary>The locks of who has it open by way of the overlay are not seen there.</summary>
    [Fact]
    public void A_database_in_the_upper_directory_of_an_overlay_is_not_opened()
    {
        Machine.NeedRoot("mounting");
        using var site = new Site(withMedia: false);
        var layers = site.MountMemory("layers", "size=50m");
        Command.Shell($"mkdir lower upper work '{site.In("merged")}'; mv '{site.Database}' upper/", layers);
        var mounted = Command.Run("mount", "-t", "overlay", "overlay", "-o", $"lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work", site.In("merged"));
        Assert.SkipWhen(mounted.Code != 0, $"this kernel has no overlay here: {mounted.Errors.Trim()}");
        try
        {
            site.Settings["databases"]![0]!["path"] = $"{layers}/upper/app_data.db";
            site.Run("create", "database").Fails(1, $"{layers}/upper/app_data.db", site.In("merged/app_data.db"), "the upper directory of an overlay");
            site.Run("doctor").Ends(1).Prints(site.In("merged/app_data.db"));
            Assert.Equal(["app_data.db"], Directory.GetFiles($"{layers}/upper").Select(Path.GetFileName));
            site.Settings["databases"]![0]!["path"] = site.In("merged/app_data.db");
            site.Create("database");
        }
        finally
        {
            Command.Run("umount", site.In("merged"));
        }
    }

    [Fact]
    public void A_further_name_without_a_log_of_its_own_is_only_warned_of()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("ln app_data.db second.db", site.In("app/app_data"));
        site.Run("create", "database").Succeeds();
        using var database = site.OpenDatabase();
        database.Execute("CREATE TABLE t(v)");
        site.Run("create", "database").Succeeds().Says("other names", "second.db");
        Assert.Equal("complete", site.Newest().State);
    }

    [Fact]
    public void A_storage_that_is_a_link_is_saved_from_where_it_leads()
    {
        using var site = new Site();
        Command.Shell("mv app/storage disk; ln -s ../disk app/storage", site.Root);
        var snapshot = site.Create();
        Tree.AssertSame(site.In("disk"), snapshot.Restored("storage"), Likeness.Restored);
        Assert.Equal(site.In("disk"), snapshot.Header["sources"]![1]!["target"]!.GetValue<string>());
        site.Run("show", "latest").Succeeds().Prints($"storage is a link: {site.Storage} -> {site.In("disk")}");
    }

    /// <summary>The database is configured by a name at which it is mounted by itself.</summary>
    private static Site MountedSite()
    {
        Machine.NeedRoot("mounting");
        var site = new Site(withMedia: false);
        using (var database = site.OpenDatabase())
        {
            database.Execute("CREATE TABLE t(v); INSERT INTO t VALUES ('one')");
        }

        Command.Shell("mkdir inside empty; touch inside/app_data.db", site.Root);
        site.Settings["databases"]![0]!["path"] = site.In("inside/app_data.db");
        return site;
    }

    private static string[] Mounting(Site site, string more = "") =>
        ["unshare", "-m", "bash", "-ec", $"mount --bind '{site.Database}' '{site.In("inside/app_data.db")}'; {more} exec \"$@\"", "bash"];

    /// <summary>A namespace of its own, in which the database is mounted as a file; it lives until the site goes.</summary>
    private static Command Container(Site site, string mounts)
    {
        Machine.NeedRoot("mounting");
        Directory.CreateDirectory(site.In("inside"));
        var container = Command.Start(["unshare", "-m", "bash", "-ec", $"mount -t tmpfs none '{site.In("inside")}'; {mounts}; touch '{site.In("up")}'; exec sleep 600"]);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(site.In("up")), TimeSpan.FromMinutes(1)));
        return container;
    }

    private static string FileMount(Site site, string file) => $"touch '{site.In("inside")}/{Path.GetFileName(file)}'; mount --bind '{file}' '{site.In("inside")}/{Path.GetFileName(file)}'";

    private static Snapshot CreateMounted(Site site)
    {
        site.Run(["create", "database"], before: Mounting(site)).Succeeds();
        return site.Newest();
    }

    private static string Hiding(Site site) => $"mount --bind '{site.In("empty")}' '{Path.GetDirectoryName(site.Database)}';";

    /// <summary>As an application does that is killed; the file stays the same one.</summary>
    private static void LeaveLog(Site site, string sql)
    {
        using (var database = site.OpenDatabase())
        {
            database.Execute($"PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint=0; {sql}");
            Command.Shell($"cp '{site.Database}' left; cp '{site.Database}-wal' left-wal", site.Root);
        }

        Command.Shell($"cat left >'{site.Database}'; mv left-wal '{site.Database}-wal'; rm left", site.Root);
    }

    private static string Values(Snapshot snapshot) => Values(Path.Combine(snapshot.Restored("app_data"), "app_data.db"));

    private static string Values(string path) => Command.Run("sqlite3", path, "SELECT group_concat(v) FROM t; PRAGMA integrity_check").Succeeds().Output.Trim().Replace("\nok", "", StringComparison.Ordinal);
}
