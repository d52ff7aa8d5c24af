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
    public void A_file_that_is_mounted_by_itself_has_its_log_elsewhere()
    {
        Machine.NeedRoot("mounting");
        using var site = new Site(withMedia: false);
        using var database = site.OpenDatabase();
        database.Execute("CREATE TABLE t(v); INSERT INTO t VALUES ('one')");
        Command.Shell("mkdir inside; touch inside/app_data.db", site.Root);
        site.Settings["databases"]![0]!["path"] = site.In("inside/app_data.db");
        site.Run(["create", "database"], before: ["unshare", "-m", "bash", "-ec", $"mount --bind '{site.Database}' '{site.In("inside/app_data.db")}'; exec \"$@\"", "bash"])
            .IsPartial("mounted by itself", "rows may be missing");
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

    private static string Values(Snapshot snapshot) =>
        Command.Run("sqlite3", Path.Combine(snapshot.Restored("app_data"), "app_data.db"), "SELECT group_concat(v) FROM t").Succeeds().Output.Trim();
}
