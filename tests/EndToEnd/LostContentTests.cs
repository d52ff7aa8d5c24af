using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A source that lost its content is never traded for the snapshots that have it.</summary>
public sealed class LostContentTests
{
    private const string Lost = "lost its content";

    [Fact]
    public void Nights_of_an_emptied_site_keep_the_data_and_say_so_each_night()
    {
        using var site = NewSite();
        var full = site.Create();
        Command.Shell("cp -a storage expected", site.In("app"));
        Empty(site);
        for (var night = 0; night < 5; night++)
        {
            site.Run("create").IsPartial($"storage: {Lost}: 14 files", "-> none", $"since snapshot {full.Id}", $"app_data: {Lost}", "1 table -> none", "create --accept-shrink");
        }

        Assert.Equal(6, site.Snapshots().Count);
        Assert.Equal("complete", site.Newest().State);
        Assert.Equal(["shrunk"], site.Newest().Header["requires"]!.AsArray().Select(name => (string)name!));
        Tree.AssertSame(site.In("app/expected"), full.Restored("storage"), Likeness.Restored);
        site.Run("status").Ends(1).Prints("NOT healthy", $"problem: 'storage' {Lost}: 14 files", "rotation is held", "create --accept-shrink", "complete, shrunk");
        Assert.DoesNotContain("could not read everything", site.Run("status").Output, StringComparison.Ordinal);
        site.Run("doctor").Prints($"'app_data' {Lost}");
        site.Run("show", site.Newest().Id).Succeeds().Prints($"storage {Lost}: 14 files");
        site.Run("show", "latest").Succeeds().Prints(full.Id).Says("had lost its content");
        site.Run("list").Succeeds().Prints("complete, shrunk");
    }

    [Fact]
    public void Neither_rotate_nor_any_other_type_of_snapshot_removes_what_may_be_the_last()
    {
        using var site = NewSite();
        site.Create();
        site.Create("database");
        Command.Shell("cp -a storage expected", site.In("app"));
        EmptyStorage(site);
        site.Run("create", "storage").IsPartial(Lost);
        site.Create("database");
        site.Create("database");
        site.Run("rotate", "--max-backups", "1").IsPartial("rotation is held", $"'storage' {Lost}");
        site.Run("rotate", "--max-backups", "1", "--dry-run").Prints($"held: 'storage' {Lost}");
        Assert.Equal(5, site.Snapshots().Count);
        site.Run("status").Ends(1).Prints($"'storage' {Lost}");

        // Found again by another type of snapshot than the one that missed it.
        Command.Shell("cp -a expected/. storage", site.In("app"));
        site.Create();
        site.Run("status").Succeeds();
        site.Run("rotate", "--max-backups", "1").Succeeds();
        Assert.Equal(["database", "full", "storage"], site.Snapshots().Select(snapshot => snapshot.Type).Order());
    }

    [Fact]
    public void What_comes_back_by_itself_is_not_asked_about()
    {
        using var site = NewSite();
        site.Create();
        var second = site.Create();
        Directory.Move(site.Storage, site.Storage + ".away");
        Directory.CreateDirectory(site.Storage);
        site.Run("create").IsPartial(Lost);
        site.Run("create").IsPartial(Lost);
        Directory.Delete(site.Storage);
        Directory.Move(site.Storage + ".away", site.Storage);
        var back = site.Create();

        // Two are kept that have the data; of those that have not, one is among the newest two and takes nobody's place.
        Assert.Equal([second.Id, back.Id], site.Snapshots().Where(snapshot => !IsMarked(snapshot)).Select(snapshot => snapshot.Id));
        Assert.Equal(3, site.Snapshots().Count);
        site.Run("status").Succeeds();
    }

    /// <summary>Another disk is mounted, or all was encrypted under new names; or, once all is lost, users go on.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(10)]
    public void Other_files_in_their_place_do_not_bring_them_back(int others)
    {
        using var site = NewSite();
        site.Create();
        Command.Shell("mv storage expected; mkdir storage", site.In("app"));
        if (others < 14)
        {
            site.Run("create").IsPartial(Lost);
        }

        for (var i = 0; i < others; i++)
        {
            site.Write($"other/{i}", Content.Random(3_400_000 / others, seed: i));
        }

        for (var night = 0; night < 3; night++)
        {
            site.Run("create").IsPartial($"storage: {Lost}: 14 files -> 0 of them, and {others} others");
        }

        Command.Shell("cp -a expected/. storage", site.In("app"));
        var back = site.Create();
        Assert.True((long)back.Header["stored_bytes"]! < 100_000, "what came back was stored once more");
        site.Run("status").Succeeds();
    }

    [Fact]
    public void What_only_moved_is_not_lost()
    {
        using var site = NewSite();
        site.Create();
        Command.Shell("mkdir ../all; mv * ../all; mv ../all .", site.Storage);
        site.Create();
        Command.Shell("find all -type f | while read f; do echo more >>\"$f\"; done", site.Storage);
        site.Create();
    }

    /// <summary>A source that is missing makes each night partial; what comes in meanwhile is in no complete snapshot.</summary>
    [Fact]
    public void What_came_in_while_snapshots_were_partial_is_not_lost_unnoticed()
    {
        using var site = NewSite();
        site.Create();
        site.Settings["storage"] = new JsonArray(Site.Source("storage", site.Storage), Site.Source("gone", site.In("gone")));
        Command.Shell("mkdir new; for i in $(seq 400); do echo $i >new/$i; done", site.Storage);
        site.Run("create").IsPartial();
        var last = site.Newest().Id;
        Command.Shell("rm -r new", site.Storage);
        site.Settings["storage"] = new JsonArray(Site.Source("storage", site.Storage));
        site.Run("create").IsPartial("lost its content", $"(since snapshot {last})");
        site.Run("create", "--accept-shrink").Succeeds();
        Assert.DoesNotContain("lost", site.Run("create").Succeeds().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_meant_is_accepted_once()
    {
        using var site = NewSite();
        site.Create();
        site.Create();
        EmptyStorage(site);
        site.Run("create").IsPartial(Lost);
        Assert.Equal(3, site.Snapshots().Count);

        var accepted = site.Create("--accept-shrink");
        Assert.False(IsMarked(accepted));
        Assert.Equal("14 files (3.2 MiB) -> none", (string)accepted.Header["sources"]![1]!["shrunk"]!["losses"]![0]!);
        Assert.Empty(accepted.Header["requires"]!.AsArray());
        site.Run("show", accepted.Id).Succeeds().Prints("which was accepted");
        site.Run("status").Succeeds();
        site.Create();
        Assert.Equal(2, site.Snapshots().Count);
    }

    [Fact]
    public void A_table_or_all_rows_that_are_gone_count_and_a_vacuum_does_not()
    {
        using var site = NewSite();
        Sql(site, "CREATE TABLE user(name); INSERT INTO user VALUES('a')");
        site.Create("database");
        Sql(site, "DELETE FROM account WHERE id > 300; VACUUM; CREATE TABLE new(x)");
        site.Create("database");
        Sql(site, "DROP TABLE user");
        site.Run("create", "database").IsPartial($"app_data: {Lost}: gone: table user");
        Sql(site, "CREATE TABLE user(name); INSERT INTO user VALUES('b')");
        site.Create("database");
        Sql(site, "DELETE FROM account");
        site.Run("create", "database").IsPartial("KiB of rows ->");
        Sql(site, "DELETE FROM user");
        site.Run("create", "database").IsPartial("2 tables with rows -> none");
    }

    /// <summary>Its tables and indexes take more than the half of what it took: each has a page, with rows or without.</summary>
    [Fact]
    public void An_application_that_was_set_up_again_lost_its_rows()
    {
        using var site = NewSite();
        Sql(site, string.Join(';', Enumerable.Range(0, 60).Select(number => $"CREATE TABLE t{number}(id INTEGER PRIMARY KEY, name TEXT UNIQUE)")));
        Sql(site, "DELETE FROM account; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO account SELECT i, 1, 'somebody, somewhere, ' || i FROM n");
        site.Create("database");
        Sql(site, "DELETE FROM account WHERE id > 1; VACUUM");
        site.Run("create", "database").IsPartial($"app_data: {Lost}: ", "KiB of rows ->");
    }

    /// <summary>What lay in the tree is in the same snapshot, as a source of its own.</summary>
    [Fact]
    public void A_part_that_becomes_a_source_of_its_own_is_not_lost()
    {
        using var site = NewSite();
        site.Create("storage");
        Directory.CreateDirectory(site.InStorage("inner"));
        Command.Shell("find . -type f ! -path './inner/*' | head -n 12 | while read -r file; do mv \"$file\" inner/; done", site.Storage);
        site.Create("storage");
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("inner", site.InStorage("inner")));
        Assert.False(IsMarked(site.Create("storage")));
        Command.Shell("rm -r inner/*", site.Storage);
        site.Run("create", "storage").IsPartial($"inner: {Lost}");
    }

    [Fact]
    public void A_database_that_is_not_copied_again_keeps_its_figures()
    {
        using var site = NewSite();
        var first = site.Create("database");
        var second = site.Create("database");
        Assert.Equal(0, (long)second.Header["sources"]![0]!["new_bytes"]!);
        Assert.Equal(["account"], first.Header["sources"]![0]!["content"]!["table_names"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(first.Header["sources"]![0]!["content"]!.ToJsonString(), second.Header["sources"]![0]!["content"]!.ToJsonString());
    }

    [Fact]
    public void How_much_may_go_is_configured_for_all_and_for_one()
    {
        using var site = NewSite();
        site.Create("storage", "--no-rotate");
        File.Delete(site.InStorage("videos/clip.mp4"));
        site.Run("create", "storage", "--dry-run").IsPartial($"storage: {Lost}: 3.2 MiB -> ");
        site.Run("create", "storage").IsPartial($"storage: {Lost}: 3.2 MiB -> ");
        site.Settings["max_shrink_percent"] = 95;
        site.Create("storage");
        site.TreeSettings["max_shrink_percent"] = 10;
        EmptyStorage(site);
        site.Run("create", "storage").IsPartial("-> none");
        site.TreeSettings["max_shrink_percent"] = null;
        site.Run("config", "show").Succeeds().Prints("storage.storage.max_shrink_percent");
        site.Create("storage");
        site.Run("status").Ends(1).Prints("no snapshot covers the databases");
        site.Settings["max_shrink_percent"] = 101;
        site.Run("config", "check").Fails(2, "'max_shrink_percent' is 101; it must be a whole number from 1 to 100");
    }

    [Fact]
    public void A_disk_that_is_gone_for_good_has_lost_its_content()
    {
        using var site = NewSite();
        var disk = site.MountMemory("app/disk", "size=4m");
        File.WriteAllText(Path.Combine(disk, "a"), "a");
        site.Settings["storage"] = new JsonArray(Site.Source("disk", disk));
        site.Create();
        Command.Run("umount", disk).Succeeds();
        site.Run("create", "--moved").IsPartial($"disk: {Lost}: 1 file (1 B) -> none");
    }

    [Fact]
    public void A_source_that_is_configured_no_more_holds_nothing()
    {
        using var site = NewSite();
        site.Settings["storage"]!.AsArray().Add(Site.Source("more", Directory.CreateDirectory(site.In("more")).FullName));
        File.WriteAllText(site.In("more/a"), "a");
        site.Create();
        File.Delete(site.In("more/a"));
        site.Run("create").IsPartial($"more: {Lost}");
        site.Settings["storage"]!.AsArray().RemoveAt(1);
        site.Create();
        site.Run("status").Succeeds();

        // While it is still there, its snapshots may be those of another site that shares the tree.
        site.Create();
        Assert.Equal(4, site.Snapshots().Count);
        Directory.Delete(site.In("more"));
        site.Create();
        Assert.Equal(2, site.Snapshots().Count);
    }

    [Fact]
    public void The_second_place_keeps_what_has_the_data_too()
    {
        using var site = NewSite();
        var place = new SecondPlace(site);
        var full = site.Create();
        site.Create();
        place.Settings["max_backups"] = 1;
        EmptyStorage(site);
        site.Run("create").IsPartial(Lost, "nothing is removed in");
        Assert.Contains($"snapshots/{full.Id}.json", place.Files());
        site.Create("--accept-shrink");
        Assert.DoesNotContain($"snapshots/{full.Id}.json", place.Files());
        Assert.Contains($"snapshots/{site.Newest().Id}.json", place.Files());
    }

    [Fact]
    public void Metrics_and_messages_say_it()
    {
        using var site = NewSite();
        site.Settings["metrics_file"] = site.In("metrics.prom");
        site.Settings["notify"] = new JsonObject { ["mail"] = new JsonObject { ["to"] = "root", ["sendmail"] = site.In("sendmail") } };
        File.WriteAllText(site.In("sendmail"), $"#!/bin/sh\ncat >> {site.In("mail")}\n");
        Command.Run("chmod", "+x", site.In("sendmail")).Succeeds();
        site.Create();
        Assert.Contains("vertex_ar_backup_rotation_held 0\n", File.ReadAllText(site.In("metrics.prom")), StringComparison.Ordinal);
        Assert.False(File.Exists(site.In("mail")));
        EmptyStorage(site);
        site.Run("create").IsPartial(Lost);
        Assert.Contains("vertex_ar_backup_rotation_held 1\n", File.ReadAllText(site.In("metrics.prom")), StringComparison.Ordinal);
        Assert.Contains("vertex_ar_backup_newest_snapshot_shrunk_sources{type=\"full\"} 1\n", File.ReadAllText(site.In("metrics.prom")), StringComparison.Ordinal);
        var mail = File.ReadAllText(site.In("mail"));
        Assert.Contains("found that a source lost its content", mail, StringComparison.Ordinal);
        Assert.Contains("create --accept-shrink", mail.Replace("=\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("storage", "names no storage: no files are saved", "no storage in it")]
    [InlineData("databases", "names no database: none is saved", "no database in it")]
    public void What_is_not_named_is_said_aloud(string key, string said, string shown)
    {
        using var site = NewSite();
        site.Settings.Remove(key);
        site.Create();
        site.Run("config", "check").Succeeds().Says(said);
        site.Run("config", "show").Succeeds().Prints("the configuration names none");
        site.Run("doctor").Prints(said);
        site.Run("status").Succeeds().Prints(said);
        site.Run("show", "latest").Succeeds().Prints(shown);
    }

    [Fact]
    public void A_file_of_before_1970_is_shown_with_its_time()
    {
        using var site = NewSite();
        site.Write("old.txt", "old");
        Command.Run("touch", "-d", "1960-02-29 12:34:56.5 UTC", site.InStorage("old.txt")).Succeeds();
        site.Create("storage");
        site.Run(["show", "latest", "--files"], new Dictionary<string, string?> { ["TZ"] = "UTC" }).Succeeds().Prints("1960-02-29 12:34 storage/old.txt");
        Assert.Equal("-310476303.500000000", (string)site.Newest().Files()["storage/old.txt"]["mtime"]!);
        Assert.Equal(
            "1960-02-29 12:34:56.500000000 +0000",
            Command.Shell($"TZ=UTC stat -c %y '{site.Newest().Restored("storage")}/old.txt'").Output.Trim());
    }

    private static Site NewSite()
    {
        var site = new Site();
        site.Settings["max_backups"] = 2;
        return site;
    }

    private static bool IsMarked(Snapshot snapshot) =>
        snapshot.Header["sources"]!.AsArray().Any(source => source!["shrunk"] is { } shrunk && !(bool)shrunk["accepted"]!);

    private static void Sql(Site site, string sql)
    {
        using var database = site.OpenDatabase();
        database.Execute(sql);
    }

    private static void EmptyStorage(Site site) => Command.Shell("find . -mindepth 1 -delete", site.Storage);

    private static void Empty(Site site)
    {
        EmptyStorage(site);
        Command.Shell($": > '{site.Database}'; rm -f '{site.Database}-wal' '{site.Database}-shm'");
    }
}
