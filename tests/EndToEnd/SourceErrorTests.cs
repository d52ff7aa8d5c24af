namespace VertexAr.Backup.EndToEnd;

/// <summary>Sources that are missing or not what they should be: one sentence, the exit code, and a snapshot of everything else.</summary>
public sealed class SourceErrorTests
{
    [Fact]
    public void A_missing_database_is_an_error()
    {
        using var site = new Site();
        File.Delete(site.Database);
        Lacking(site, site.Database, "does not exist", "databases");
    }

    [Fact]
    public void A_directory_in_place_of_the_database_is_an_error()
    {
        using var site = new Site();
        File.Delete(site.Database);
        Directory.CreateDirectory(site.Database);
        Lacking(site, site.Database, "is not a file");
    }

    [Fact]
    public void A_file_that_is_no_database_is_an_error()
    {
        using var site = new Site();
        File.WriteAllText(site.Database, "this is a letter, not a database");
        Lacking(site, site.Database, "is not a SQLite database");
    }

    [Fact]
    public void An_encrypted_database_is_an_error()
    {
        using var site = new Site();
        File.WriteAllBytes(site.Database, Content.Random(40_960, seed: 3));
        Lacking(site, site.Database, "is not a SQLite database", "encrypted");
    }

    [Fact]
    public void A_database_with_an_overwritten_page_is_an_error()
    {
        using var site = new Site();
        using (var file = File.OpenWrite(site.Database))
        {
            file.Position = 4096 * 7;
            file.Write(Content.Random(4096, seed: 3));
        }

        Damaged(site, "restore");
    }

    /// <summary>Whatever stands there now was a database: it is no other kind of file, and its pages may be all that is left.</summary>
    [Theory]
    [InlineData("dd if=/dev/zero of=\"$1\" bs=16 count=1 conv=notrunc status=none")]
    [InlineData("dd if=/dev/zero of=\"$1\" bs=4096 count=1 conv=notrunc status=none")]
    [InlineData("printf x | dd of=\"$1\" bs=1 seek=21 conv=notrunc status=none")]
    [InlineData("echo 'this is a letter' >\"$1\"")]
    public void A_file_that_an_earlier_snapshot_has_as_a_database_and_that_is_none_now_is_damaged(string spoil)
    {
        using var site = new Site(withMedia: false);
        site.Write("f", "content");
        var whole = site.Create();
        Command.Run("sh", "-c", spoil, "sh", site.Database).Succeeds();
        var now = Content.Sha256(File.ReadAllBytes(site.Database));
        foreach (var type in new[] { "full", "database" })
        {
            site.Run("create", type).Ends(1).Says(site.Database, "is damaged: file is not a database, which it was in an earlier snapshot");
            var snapshot = site.Newest();
            site.Run("show", snapshot.Id).Succeeds().Prints("app_data is damaged: ");
            var copy = site.In($"damaged-{type}");
            site.Run("restore", snapshot.Id, "--only", "database", "--damaged", "--to", copy).Succeeds();
            Assert.Equal(now, Content.Sha256(File.ReadAllBytes($"{copy}/app_data/app_data.db")));
            site.Run("restore", "latest", "--only", "database", "--to", site.In($"whole-{type}")).Succeeds().Prints(whole.Id);
        }
    }

    [Fact]
    public void Another_file_under_the_name_of_a_database_is_no_damaged_one()
    {
        using var site = new Site(withMedia: false);
        site.Write("f", "content");
        site.Create();
        File.WriteAllText(site.In("notes.txt"), "this is a letter");
        site.Settings["databases"]![0]!["path"] = site.In("notes.txt");
        site.Run("create").IsPartial(site.In("notes.txt"), "is not a SQLite database");
    }

    [Fact]
    public void A_database_that_was_cut_short_is_an_error()
    {
        using var site = new Site();
        Command.Shell($"truncate -s 50000 '{site.Database}'");
        Damaged(site);
    }

    [Fact]
    public void A_database_that_may_not_be_read_is_an_error()
    {
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        Command.Shell($"chmod 000 '{site.Database}'");
        site.Run(["create"], before: before).IsPartial(site.Database, "cannot be", "ermission denied");
        Assert.Equal("partial", site.Newest().State);
    }

    [Fact]
    public void A_dry_run_names_what_is_missing_and_goes_on_as_the_run_would()
    {
        using var site = new Site(withMedia: false);
        site.Write("one.txt", "one");
        Command.Shell("mv app_data.db away.db", site.In("app/app_data"));
        site.Run("create", "--dry-run").IsPartial($"database 'app_data'", "does not exist", "(everything else would be saved").Prints("would save 1 file, 3 B");
        Command.Shell("mv storage storage.away", site.In("app"));
        site.Run("create", "--dry-run").Fails(1, "does not exist");
    }

    [Fact]
    public void A_dry_run_ends_as_a_run_that_finds_damage_would()
    {
        using var site = new Site(withMedia: false);
        site.Create();
        File.WriteAllText(site.Database, "no database any more");
        site.Run("create", "--dry-run").Ends(1).Says("is damaged", "which it was in an earlier snapshot").Prints("would save");
        site.Run("create").Ends(1).Says("is damaged");
    }

    [Fact]
    public void A_dry_run_ends_as_a_run_that_may_not_read_all_would()
    {
        Machine.NeedRoot("closing a directory to another user");
        using var site = new Site(withMedia: false);
        Command.Shell("mkdir closed", site.Storage);
        var before = site.BelongToOrdinaryUser();
        Command.Shell("chmod 0 closed", site.Storage);
        site.Run(["create", "--dry-run"], before: before).IsPartial("closed");
        site.Run(["create"], before: before).IsPartial("closed");
    }

    /// <summary>As vaultwarden's data, which is its own user's alone.</summary>
    [Fact]
    public void A_source_below_a_closed_directory_is_named_and_the_others_are_saved()
    {
        Machine.NeedRoot("closing a directory to another user");
        using var site = new Site(withMedia: false);
        Command.Shell("mkdir -p closed/data; echo x > closed/data/file; cp app_data/app_data.db closed/data/db.sqlite3", site.In("app"));
        site.Settings["storage"]!.AsArray().Add((System.Text.Json.Nodes.JsonNode)Site.Source("data", site.In("app/closed/data")));
        site.Settings["databases"]!.AsArray().Add((System.Text.Json.Nodes.JsonNode)Site.Source("db", site.In("app/closed/data/db.sqlite3")));
        var before = site.BelongToOrdinaryUser();
        Command.Shell("chown 0:0 closed; chmod 700 closed", site.In("app"));
        site.Run(["create"], before: before).IsPartial(site.In("app/closed/data"), "cannot be opened", "db.sqlite3 cannot be read", "Permission denied");
        Assert.Equal(["app_data", "storage"], site.Newest().Header["sources"]!.AsArray().Where(source => source!["state"] is null).Select(source => (string)source!["name"]!));
        site.Run(["doctor"], before: before).Ends(1).Prints("database 'db'", "storage 'data'", "ok       storage 'storage'");
    }

    /// <summary>Its last good copy may be in the snapshot that would go.</summary>
    [Fact]
    public void While_a_source_is_missing_nothing_is_rotated_and_that_is_said()
    {
        using var site = new Site(withMedia: false);
        site.Settings["max_backups"] = 2;
        site.Create();
        File.Delete(site.Database);
        Assert.DoesNotContain("rotated", site.Run("create").IsPartial().Errors, StringComparison.Ordinal);
        site.Run("create").IsPartial("nothing is rotated by this run, since 'app_data' is missing");
        Assert.Equal(3, site.Snapshots().Count);
    }

    /// <summary>The disk of the backups fails to read a page of the copy, once: neither copy nor database is damaged.</summary>
    [Fact]
    public void A_read_error_in_the_check_of_the_copy_is_no_damage()
    {
        Machine.NeedStrace();
        using var site = new Site(withMedia: false);
        using (var database = site.OpenDatabase())
        {
            database.Execute("CREATE TABLE t(v); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT randomblob(3000) FROM n");
        }

        // Whoever stores the copy reads it in few large parts; SQLite reads a page at a time.
        var time = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(1).AddHours(2), TimeSpan.Zero);
        var copy = site.In($"backups/staging/{time:yyyyMMdd'T'HHmmss'Z'}/app_data.db");
        string[] strace = ["strace", "-f", "-qq", "-y", "-o", site.In("strace.log"), "-e", "trace=pread64", "-P", copy, "-e", "inject=pread64:error=EIO:when=900", "--"];
        site.Run(["create", "database"], FakeClock.At(time), strace).Succeeds();
        Assert.Contains(File.ReadLines(site.In("strace.log")), line => line.Contains("INJECTED", StringComparison.Ordinal) && line.Contains("app_data.db", StringComparison.Ordinal));
        Assert.Equal("complete", site.Newest().State);
    }

    [Fact]
    public void A_missing_storage_tree_is_an_error()
    {
        using var site = new Site();
        Directory.Delete(site.Storage, recursive: true);
        Lacking(site, site.Storage, "does not exist", "storage");
        site.Create("database");
    }

    [Fact]
    public void A_file_in_place_of_the_storage_tree_is_a_tree_that_lost_its_content()
    {
        using var site = new Site();
        site.Create();
        Directory.Delete(site.Storage, recursive: true);
        File.WriteAllText(site.Storage, "");
        Assert.Contains("lost its content", site.Run("create").Ends(3).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_for_what_is_not_configured_is_an_error()
    {
        using var site = new Site();
        site.Settings.Remove("databases");
        site.Run("create", "database").Fails(2, "names no database");
    }

    [Fact]
    public void Where_nothing_can_be_saved_there_is_no_snapshot()
    {
        using var site = new Site();
        site.HideSources();
        site.Run("create").Fails(1, site.Database, "does not exist");
        Assert.Empty(site.Snapshots());
        Assert.Empty(site.Packs());
    }

    private static void Lacking(Site site, params string[] words)
    {
        site.Run("create").IsPartial(words);
        var snapshot = Assert.Single(site.Snapshots());
        Assert.Equal("partial", snapshot.State);
        site.Run("show", snapshot.Id).Succeeds().Prints("is missing: ");
        var restored = site.Run("restore", snapshot.Id, "--to", site.In("rest"), "--json").IsPartial("is not in snapshot", "older snapshot");
        Assert.Single(Json.Lines(restored.Output).Single(line => (string)line["message_type"]! == "restored")["not_saved"]!.AsArray());
    }

    /// <summary>The copy is kept as it is, and only a restore that asks for it brings it back.</summary>
    private static void Damaged(Site site, params string[] words)
    {
        site.Run("create").Ends(1).Says([site.Database, "is damaged", .. words]);
        var snapshot = Assert.Single(site.Snapshots());
        site.Run("show", snapshot.Id).Succeeds().Prints("partial", "app_data is damaged: ");
        site.Run("restore", snapshot.Id, "--only", "database", "--to", site.In("no")).Fails(1, "was damaged when", "--damaged");
        site.Run("restore", snapshot.Id, "--to", site.In("without")).IsPartial("was damaged when", "it is left as it is");
        Assert.False(Directory.Exists(site.In("without/app_data")));
        site.Run("restore", snapshot.Id, "--damaged", "--to", site.In("with")).Succeeds();
        Assert.True(File.Exists(site.In("with/app_data/app_data.db")));
    }
}
