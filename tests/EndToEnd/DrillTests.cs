using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A rehearsed restore proves that there could be a real one, says so if not, and leaves nothing behind.</summary>
public sealed class DrillTests
{
    private const string Scratch = "vertex-ar-backup-drill-";

    [Fact]
    public void A_good_snapshot_passes_and_the_drill_is_remembered()
    {
        using var site = new Site();
        var snapshot = site.Create();
        site.Run("drill").Succeeds().Says("needs", "MiB in", "are free there")
            .Prints(snapshot.Id, "every file read again: 14 files", "app_data  account   500", "the drill passed");
        var remembered = JsonNode.Parse(File.ReadAllText(Path.Combine(site.Backups, "runs/drill.json")))!["last"]!;
        Assert.Equal(("success", snapshot.Id), (remembered["outcome"]!.GetValue<string>(), remembered["snapshot"]!.GetValue<string>()));
        AssertNothingLeft(site);
    }

    [Fact]
    public void Programs_are_told_each_number()
    {
        using var site = new Site();
        var snapshot = site.Create();
        Ask(site, "SELECT count(*) FROM account", min: 500, withinPercent: 0);
        var lines = Json.Lines(site.Run("drill", "--json").Succeeds().Output);
        var table = lines.Single(line => line["message_type"]!.GetValue<string>() == "table");
        var query = lines.Single(line => line["message_type"]!.GetValue<string>() == "query");
        var summary = lines[^1];
        Assert.Equal(("account", 500), (table["table"]!.GetValue<string>(), table["rows"]!.GetValue<int>()));
        Assert.Equal((500, 500, true), (query["value"]!.GetValue<int>(), query["live"]!.GetValue<int>(), query["ok"]!.GetValue<bool>()));
        Assert.Equal((snapshot.Id, 14, true), (summary["id"]!.GetValue<string>(), summary["files"]!.GetValue<int>(), summary["passed"]!.GetValue<bool>()));
    }

    /// <summary>As disk images are.</summary>
    [Fact]
    public void Holes_need_no_space()
    {
        using var site = new Site();
        Command.Shell("truncate -s 4T image; echo x | dd of=image bs=1 seek=1T conv=notrunc status=none", site.Storage);
        site.Create();
        site.Run("drill").Succeeds().Prints("the drill passed");
        AssertNothingLeft(site);
    }

    [Fact]
    public void It_takes_the_newest_complete_full_snapshot_unless_told_another()
    {
        using var site = new Site();
        var full = site.Create();
        var database = site.Create("database");
        var partial = site.Create();
        Damage.Reseal(partial.HeaderPath, text => text.Replace("\"complete\"", "\"partial\"", StringComparison.Ordinal));
        site.Run("drill").Succeeds().Prints($"snapshot {full.Id} (full");
        site.Run("drill", database.Id).Succeeds().Prints($"snapshot {database.Id} (database");
        site.Run("drill", "latest").Succeeds().Prints($"snapshot {partial.Id} (full");
        site.Run("drill", "19700101T000000Z").Fails(1, "no snapshot");
    }

    [Fact]
    public void Without_a_complete_snapshot_there_is_nothing_to_rehearse()
    {
        using var site = new Site();
        var partial = site.Create();
        Damage.Reseal(partial.HeaderPath, text => text.Replace("\"complete\"", "\"partial\"", StringComparison.Ordinal));
        site.Run("drill").Fails(1, "no complete snapshot", "ID");
    }

    [Fact]
    public void A_damaged_pack_fails_it_and_names_the_file()
    {
        using var site = new Site();
        var snapshot = site.Create();
        var content = Content.Random(3_000_000, seed: 100);
        var pack = site.Packs().Single(p => File.ReadAllBytes(p).AsSpan().IndexOf(content.AsSpan(500_000, 100)) >= 0);
        Damage.FlipByte(pack, File.ReadAllBytes(pack).AsSpan().IndexOf(content.AsSpan(1_000_000, 100)));
        site.Run("drill").Fails(1, snapshot.Id, "cannot be restored", "storage/videos/clip.mp4", "verify --deep");
        var remembered = JsonNode.Parse(File.ReadAllText(Path.Combine(site.Backups, "runs/drill.json")))!["last"]!;
        Assert.Equal("failure", remembered["outcome"]!.GetValue<string>());
        AssertNothingLeft(site);
        File.Delete(pack);
        site.Run("drill").Fails(1, snapshot.Id, "cannot be restored");
        File.Delete(snapshot.ListPath);
        site.Run("drill").Fails(1, snapshot.Id);
        AssertNothingLeft(site);
    }

    [Theory]
    [InlineData("SELECT count(*) FROM account", 501L, null, "is 500 and must be 501 or more")]
    [InlineData("SELECT count(*) FROM account", null, 499L, "is 500 and must be 499 or less")]
    [InlineData("SELECT avg(id) FROM account", null, 250L, "is 250.5 and must be 250 or less")]
    [InlineData("SELECT count(*) FROM acount", null, null, "no such table: acount")]
    [InlineData("SELECT max(id) FROM account WHERE id < 0", null, null, "yields no number")]
    [InlineData("SELECT id FROM account WHERE id < 0", null, null, "yields no number")]
    [InlineData("SELECT 'many'", null, null, "yields no number")]
    [InlineData("SELECT id FROM account", null, null, "more than one row")]
    [InlineData("SELECT id, balance FROM account LIMIT 1", null, null, "2 columns")]
    [InlineData("DELETE FROM account", null, null, "only reads")]
    [InlineData("SELECT 1; SELECT 2", null, null, "more than one statement")]
    public void An_answer_that_cannot_be_fails_it(string sql, long? min, long? max, string reason)
    {
        using var site = new Site(withMedia: false);
        site.Create();
        Ask(site, sql, min, max);
        site.Run("drill").Ends(1).Says("error: question: ", reason, "the drill failed: 1 failure").Prints("failed: question ", reason);
        AssertNothingLeft(site);
    }

    [Fact]
    public void The_live_database_is_asked_while_an_application_writes_to_it()
    {
        using var site = new Site(withMedia: false);
        site.Create();
        using var database = site.OpenDatabase();
        Ask(site, "SELECT sum(balance) FROM account", withinPercent: 0);
        using (new LiveWriter(database))
        {
            site.Run("drill").Succeeds().Prints("500000  500000");
        }

        database.Execute("DELETE FROM account WHERE id > 400");
        site.Run("drill").Ends(1).Says("is 500000, which is not within 0 % of the live database's");
        site.Settings["drill"]!["queries"]![0]!["within_percent"] = 30;
        site.Run("drill").Succeeds();
        Assert.Equal(400, database.Number("SELECT count(*) FROM account"));
    }

    [Fact]
    public void A_live_database_that_is_gone_or_locked_is_a_warning()
    {
        using var site = new Site(withMedia: false);
        site.Settings["lock_timeout_seconds"] = 1;
        File.Delete(site.Database);
        using (var database = new TestDatabase(site.Database, "delete"))
        {
            database.Fill(rows: 500);
            site.Create();
            Ask(site, "SELECT count(*) FROM account", min: 500, withinPercent: 10);
            database.Execute("BEGIN EXCLUSIVE");
            site.Run("drill").Succeeds().Says("warning", "not compared with the live database", "locked");
        }

        File.Delete(site.Database);
        site.Run("drill").Succeeds().Says("warning", "not compared with the live database", "No such file");
    }

    [Fact]
    public void Broken_foreign_keys_are_told_and_no_fault_of_the_restore()
    {
        using var site = new Site(withMedia: false);
        using (var database = site.OpenDatabase())
        {
            database.Execute("PRAGMA foreign_keys=OFF; CREATE TABLE portrait (owner REFERENCES account(id)); INSERT INTO portrait VALUES (1), (99999)");
        }

        site.Create();
        site.Run("drill").Succeeds().Says("warning", "app_data: 1 row breaks a foreign key", "'portrait'");
    }

    [Fact]
    public void A_database_that_only_a_newer_SQLite_understands_is_a_warning()
    {
        using var site = new Site(withMedia: false);
        using (var database = site.OpenDatabase())
        {
            database.Execute("PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE account(id) FROM THE FUTURE'");
        }

        using (var file = File.OpenWrite(site.Database))
        {
            // The version of SQLite that wrote last.
            file.Position = 96;
            file.Write([0, 0x2F, 0x50, 0]);
        }

        site.Create();
        Ask(site, "SELECT count(*) FROM account");
        site.Run("drill").Succeeds().Says("warning", "app_data: could not be checked completely", "newer than", "question: was not asked");
    }

    [Fact]
    public void It_refuses_with_figures_where_there_is_too_little_space()
    {
        using var site = new Site();
        site.MountMemory("drills", "size=24m");
        site.Settings["drill"] = new JsonObject { ["dir"] = site.In("drills") };
        site.Create();
        site.Run("drill").Succeeds();
        site.Settings["min_free_mb"] = 10;
        site.Run("drill").Fails(1, "too little space", "MiB in", "are free", "min_free_mb keeps 10 MiB", "drill.dir");
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("drills")));
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void A_signal_ends_it_without_a_trace(string signal, int code)
    {
        using var site = new Site();
        site.Create();
        using (var run = Stopped(site))
        {
            Assert.Single(Scratches(site));
            run.Signal(signal);
            run.Continue().Ends(code);
        }

        AssertNothingLeft(site);
        site.Run("drill").Succeeds();
    }

    [Theory]
    [InlineData("drill")]
    [InlineData("create")]
    public void What_a_killed_one_left_the_next_run_removes(string next)
    {
        using var site = new Site();
        site.Create();
        using (var run = Stopped(site))
        {
            run.Signal("KILL");
            run.Continue();
        }

        Assert.Single(Scratches(site));
        site.Run(next).Succeeds();
        AssertNothingLeft(site);
    }

    [Fact]
    public void Neither_create_nor_rotate_nor_another_drill_disturbs_one_that_runs()
    {
        using var site = new Site();
        site.Settings["max_backups"] = 1;
        site.Create();
        using var run = Stopped(site);
        var newer = site.Run("create").Succeeds().Says("rotation is left to the next run");
        site.Run("rotate").Ends(11).Says("left to the next run");
        site.Run("drill", site.Newest().Id).Succeeds();
        Assert.Single(Scratches(site));
        Assert.Equal(2, site.Snapshots().Count);
        run.Continue().Ends(0);
        AssertNothingLeft(site);
        site.Run("rotate").Succeeds();
        Assert.Single(site.Snapshots());
    }

    [Fact]
    public void A_directory_of_its_own_may_hold_other_things()
    {
        using var site = new Site();
        Command.Shell("mkdir -p drills/vertex-ar-backup-drill-20200101T000000Z drills/vertex-ar-backup-drill-mine; touch drills/vertex-ar-backup-drill-20200101T000000Z/letter drills/x", site.Root);
        site.Settings["drill"] = new JsonObject { ["dir"] = site.In("drills") };
        site.Create();
        var before = Tree.Describe(site.In("drills"));
        site.Run("drill").Succeeds().Says(site.In("drills"));
        Tree.AssertSame(before, Tree.Describe(site.In("drills")), Likeness.ModesOfFiles);
        site.Settings["drill"]!["dir"] = site.In("nowhere");
        site.Run("drill").Fails(1, "nowhere", "drill.dir");
    }

    [Fact]
    public void An_ordinary_user_rehearses_what_even_its_owner_may_not_read()
    {
        using var site = new Site();
        Command.Shell("chmod 0 storage/portraits/1/portrait.jpg; chmod 2775 storage/videos; chmod 4755 storage/videos/clip.mp4; chmod 555 storage/nft_markers; chmod 1700 storage/previews", site.In("app"));
        site.Create();
        site.Run(["drill"], before: site.BelongToOrdinaryUser()).Succeeds().Prints("the drill passed");
        AssertNothingLeft(site);
    }

    [Fact]
    public void It_needs_no_configuration()
    {
        using var site = new Site();
        var snapshot = site.Create();
        File.Delete(site.Config);
        Program.Run("drill", "--backup-dir", site.Backups).Succeeds().Prints(snapshot.Id, "the drill passed");
        Program.Run("drill", "--backup-dir", site.In("nowhere")).Fails(10);
    }

    [Fact]
    public void A_query_of_a_database_that_the_snapshot_lacks_is_not_passed_over_in_silence()
    {
        using var site = new Site();
        var storage = site.Create("storage");
        Ask(site, "SELECT count(*) FROM account", min: 1);
        site.Run("drill", storage.Id).Succeeds().Says("warning", "question: was not asked: the snapshot holds no database 'app_data'");
    }

    [Fact]
    public void A_snapshot_without_its_database_fails_it()
    {
        using var site = new Site();
        site.Create();
        File.Move(site.Database, site.In("away.db"));
        site.Run("create").Ends(3);
        site.Run("drill", site.Newest().Id).Ends(1).Prints("failed: app_data 'app_data' is not in snapshot").Says("the drill failed: 1 failure");
    }

    private static void Ask(Site site, string sql, long? min = null, long? max = null, int? withinPercent = null)
    {
        var query = new JsonObject { ["name"] = "question", ["database"] = "app_data", ["sql"] = sql };
        foreach (var (key, bound) in new[] { ("min", min), ("max", max), ("within_percent", withinPercent) })
        {
            if (bound is not null)
            {
                query[key] = bound;
            }
        }

        site.Settings["drill"] = new JsonObject { ["queries"] = new JsonArray(query) };
    }

    /// <summary>A drill that is stopped while it restores the largest file.</summary>
    private static StoppedRun Stopped(Site site) => StoppedRun.At(site, "openat", site.InStorage("videos/clip.mp4"), arguments: ["drill"]);

    private static IEnumerable<string> Scratches(Site site) => Directory.EnumerateDirectories(Path.Combine(site.Backups, "staging"), Scratch + "*");

    private static void AssertNothingLeft(Site site) => Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "staging")));
}
