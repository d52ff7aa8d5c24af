using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// Sites as applications lay them out: the database, a further tree, the backups or another disk within the tree. Each is saved once and
/// by its own source.
/// </summary>
public sealed class OverlappingSourcesTests
{
    [Fact]
    public void A_database_in_the_tree_is_saved_by_its_own_source_only_while_it_is_written_to()
    {
        using var site = NewSite("data/app.db");
        using (var database = new TestDatabase(site.In("app/storage/data/app.db")))
        {
            database.Fill(300);
            using var writer = new LiveWriter(database);
            var snapshot = site.Create("--verbose");
            Assert.Equal("complete", snapshot.State);
            Assert.Equal(["app/app.db", "storage", "storage/data", "storage/data/app.db.bak", "storage/photo"], snapshot.Files().Keys.Order(StringComparer.Ordinal));
            TestDatabase.CheckCopy(Path.Combine(snapshot.Restored("app"), "app.db"));
            Assert.Equal(["database app"], Kinds(snapshot));
            site.Run("show", "latest").Succeeds().Prints("left out of storage: 1 database (saved as 'app')");
        }
    }

    /// <summary>Copies of backups would be copied into the next ones, each night once more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_second_place_in_the_tree_and_what_a_killed_drill_left_are_left_out(bool named)
    {
        using var site = NewSite("app.db");
        Command.Shell("sqlite3 app.db 'create table t(v)'", site.Storage);
        var second = Directory.CreateDirectory(site.InStorage("copies")).FullName;
        File.WriteAllText(site.In("rclone.conf"), $"[disk]\ntype = alias\nremote = {site.Storage}\n");
        site.Settings["offsite"] = new JsonObject { ["remote"] = named ? "disk:copies" : second, ["rclone_config"] = site.In("rclone.conf") };
        site.Run("config", "check").Succeeds().Says($"the second place {second} lies in the storage 'storage'");
        site.Create();
        Command.Shell("mkdir -p vertex-ar-backup-drill-20261130T140000Z/restored/app; touch vertex-ar-backup-drill-20261130T140000Z/restored/app/app.db vertex-ar-backup-drill-mine", site.Storage);
        var snapshot = site.Create();
        Assert.Equal(["app/app.db", "storage", "storage/data", "storage/data/app.db.bak", "storage/photo", "storage/vertex-ar-backup-drill-mine"], snapshot.Files().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["database app", "repository", "leftover"], Kinds(snapshot));
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.True(File.Exists(Path.Combine(second, "repository.json")));
    }

    [Fact]
    public void A_run_that_saves_only_the_tree_leaves_the_database_out_as_well()
    {
        using var site = NewSite("app.db");
        Command.Shell("sqlite3 app.db 'create table t(v)'; printf log >app.db-wal; printf mine >app.db-wal2; printf journal >app.db-journal", site.Storage);
        Assert.Equal(["storage", "storage/app.db-wal2", "storage/data", "storage/data/app.db.bak", "storage/photo"], Paths(site.Create("storage")));
        Assert.Equal(3, site.Newest().Header["sources"]![0]!["left_out"]![0]!["count"]!.GetValue<int>());
    }

    [Fact]
    public void A_database_is_found_in_the_tree_through_links_and_under_further_names()
    {
        using var site = NewSite("way/live.db");
        Command.Shell("""
            mkdir real; sqlite3 real/app.db 'create table t(v)'; ln real/app.db data/again.db; printf log >data/again.db-wal
            ln -s storage/real ../way; ln -s app.db real/live.db; ln -s real link
            """, site.Storage);
        ((JsonObject)site.Settings["databases"]![0]!)["path"] = site.In("app/way/live.db");
        var snapshot = site.Create();
        Assert.Equal(
            ["app/live.db", "storage", "storage/data", "storage/data/app.db.bak", "storage/link", "storage/photo", "storage/real", "storage/real/live.db"],
            Paths(snapshot));
        Assert.Equal(site.In("app/storage/real/app.db"), snapshot.Header["sources"]![0]!["target"]!.GetValue<string>());
        Assert.Equal(site.In("app/way/live.db"), snapshot.Header["sources"]![0]!["path"]!.GetValue<string>());
        site.Run("show", "latest").Succeeds().Prints($"app is a link: {site.In("app/way/live.db")} -> {site.In("app/storage/real/app.db")}");
    }

    [Fact]
    public void A_tree_in_a_tree_is_saved_by_the_inner_source_even_if_it_is_configured_through_a_link()
    {
        using var site = NewSite("../app.db");
        Command.Shell("sqlite3 ../app.db 'create table t(v)'; mkdir -p up/deep; printf u >up/deep/u; ln -s storage/up ../uploads", site.Storage);
        site.Settings["storage"]!.AsArray().Add(Site.Source("up", site.In("app/uploads")));
        var snapshot = site.Create();
        Assert.Equal(
            ["app/app.db", "storage", "storage/data", "storage/data/app.db.bak", "storage/photo", "up", "up/deep", "up/deep/u"], Paths(snapshot));
        Assert.Equal(["tree up"], Kinds(snapshot));
        Assert.Equal(site.In("app/storage/up"), snapshot.Header["sources"]![2]!["target"]!.GetValue<string>());
    }

    [Fact]
    public void Backups_leftovers_and_sockets_in_the_tree_are_left_out_and_counted()
    {
        using var site = NewSite("../app.db");
        Command.Shell("""
            sqlite3 ../app.db 'create table t(v)'; mkdir backups; ln -s storage/backups ../backups
            mkdir photo.before_restore_20260102T030405.678Z .photo.restore_20260102T030405.678Z; printf x >data/p.before_restore_20260102T030405Z
            printf mine >p.before_restore_mine; printf tmp >a.tmp; printf tmp >data/b.tmp
            perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un("talk")) or die'
            """, site.Storage);
        site.Settings["backup_dir"] = site.In("app/backups");
        site.TreeSettings["exclude"] = new JsonArray("*.tmp");
        var created = site.Run("create", "--verbose").Succeeds()
            .Says("backups: is left out: it is the backup directory", "data/b.tmp: is left out by 'exclude'", "talk: is a socket");
        Assert.DoesNotContain("mine: is left out", created.Errors, StringComparison.Ordinal);
        site.Run("show", "latest").Succeeds().Prints("left out of storage: the backup directory, 3 from earlier restores, 2 by exclude, 1 socket");
        site.Run("show", "latest", "--files").Succeeds().Prints("storage/p.before_restore_mine");
        site.Run("verify").Succeeds();
    }

    [Fact]
    public void A_bind_mount_is_a_mount_and_without_one_file_system_no_way_into_what_is_saved_elsewhere()
    {
        using var site = NewSite("data/app.db");
        Command.Shell("sqlite3 data/app.db 'create table t(v)'; mkdir -p ../other/deep again up loop; printf o >../other/deep/o; touch one; printf f >../file", site.Storage);
        site.Settings["storage"]!.AsArray().Add(Site.Source("other", site.In("app/other/deep")));
        const string mounts = "mount --bind ../other up; mount --bind data again; mount --bind .. loop; mount --bind ../file one";
        InOwnMounts(site, mounts, "create").Succeeds().Says("up: is left out: it is mounted there", "again: is left out", "loop: is left out", "one: is left out");
        Assert.Equal("complete", site.Newest().State);
        Assert.Equal(["app/app.db", "other", "other/o", "storage", "storage/again", "storage/data", "storage/data/app.db.bak", "storage/loop", "storage/photo", "storage/up"], Paths(site.Newest()));
        site.Run("show", "latest").Succeeds().Prints("4 mounts");

        site.TreeSettings["one_file_system"] = false;
        InOwnMounts(site, mounts, "create").Succeeds();
        var paths = Paths(site.Newest());
        Assert.Contains("storage/again/app.db.bak", paths);
        Assert.Contains("storage/one", paths);
        Assert.Contains("storage/loop/file", paths);
        Assert.DoesNotContain(paths, path => path.EndsWith("again/app.db", StringComparison.Ordinal) || path.Contains("up/deep", StringComparison.Ordinal)
            || path.StartsWith("storage/loop/storage", StringComparison.Ordinal) || path.StartsWith("storage/loop/other/deep", StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_service_has_bound_over_itself_is_no_mount()
    {
        using var site = NewSite("data/app.db");
        Command.Shell("sqlite3 data/app.db 'pragma journal_mode=wal; create table t(v)'; mkdir data/deep; printf d >data/deep/d", site.Storage);
        InOwnMounts(site, "mount --bind data data; mount --bind data/deep data/deep; mount --bind photo photo; mount --bind data/app.db data/app.db", "create")
            .Succeeds();
        Assert.Empty(site.Newest().Warnings);
        Assert.Equal(["app/app.db", "storage", "storage/data", "storage/data/app.db.bak", "storage/data/deep", "storage/data/deep/d", "storage/photo"], Paths(site.Newest()));
    }

    [Fact]
    public void Places_that_lie_in_each_other_are_named_with_what_that_means()
    {
        using var site = NewSite("data/app.db");
        Command.Shell("sqlite3 data/app.db 'create table t(v)'; mkdir up backups; ln -s storage/up ../uploads", site.Storage);
        site.Settings["storage"]!.AsArray().Add(Site.Source("up", site.In("app/uploads")));
        site.Settings["backup_dir"] = site.InStorage("backups");
        string[] named = ["the database 'app'", "the storage 'up'", "saved by its own source"];
        site.Run("config", "check").Succeeds().Prints(named).Says("destroys the backups with it");
        site.Run("doctor").Succeeds().Prints([.. named, "warning  sources: the backup directory"]);

        site.Settings["storage"]!.AsArray().Add(Site.Source("again", site.InStorage("up")));
        site.Run("config", "check").Fails(2, "'again'", "is the same as the storage 'up'");
        site.Run("doctor").Ends(1).Prints("failed   sources: the storage 'again'");
    }

    [Fact]
    public void A_tree_that_is_the_backup_directory_by_way_of_a_link_is_refused()
    {
        using var site = NewSite("../app.db");
        Command.Shell("sqlite3 ../app.db 'create table t(v)'; ln -s storage ../backups; ln -s . ../storage/inside", site.Storage);
        site.Settings["backup_dir"] = site.In("app/backups");
        site.Run("config", "check").Fails(2, "is the backup directory");
        site.Run("create").Fails(2, "is the backup directory");
        Assert.False(Directory.Exists(site.InStorage("packs")));
    }

    private static Site NewSite(string database)
    {
        var site = new Site(withMedia: false);
        Command.Shell("mkdir data; printf old >data/app.db.bak; printf photo >photo", site.Storage);
        site.Settings["databases"] = new JsonArray(Site.Source("app", Path.GetFullPath(Path.Combine(site.Storage, database))));
        return site;
    }

    /// <summary>Runs the program where these mounts are, which nobody else sees and which are gone with it.</summary>
    private static Result InOwnMounts(Site site, string mounts, params string[] arguments)
    {
        Machine.NeedRoot("mounting");
        Assert.SkipUnless(Command.Run("unshare", "-m", "true").Code == 0, "this machine does not let root have mounts of its own");
        return site.Run(arguments, before: ["unshare", "-m", "bash", "-ec", $"cd '{site.Storage}'; {mounts}; exec \"$@\"", "bash"]);
    }

    private static IEnumerable<string> Paths(Snapshot snapshot) => snapshot.Files().Keys.Order(StringComparer.Ordinal);

    private static IEnumerable<string> Kinds(Snapshot snapshot) => snapshot.Header["sources"]!.AsArray()
        .SelectMany(source => source!["left_out"]?.AsArray() ?? []).Select(left => $"{left!["kind"]} {left["source"]}".Trim());
}
