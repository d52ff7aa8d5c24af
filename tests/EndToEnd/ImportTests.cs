using System.Globalization;
using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Moving in: backups of the Python system become snapshots.</summary>
public sealed class ImportTests : IDisposable
{
    private const Likeness AsArchived = Likeness.ModesOfFiles | Likeness.ModesOfDirectories | Likeness.Owners;

    private readonly Site site = new();
    private readonly PythonSystem old;

    public ImportTests() => old = new PythonSystem(site);

    public void Dispose() => site.Dispose();

    [Fact]
    public void Each_becomes_a_snapshot_of_its_own_time_and_what_they_share_is_stored_once()
    {
        var database = site.In("first.db");
        old.Create("full", "20240107_030000");
        File.Copy(site.Database, database);
        var first = Tree.Describe(site.Storage);
        site.Write("portraits/new.jpg", Content.Random(100_000, seed: 7));
        old.Create("full", "20240114_030000", "--split", "700000");
        old.Create("database", "20240115_020000");
        var before = Tree.Describe(old.Backups);

        site.Run(["import", old.Backups], new Dictionary<string, string?> { ["TZ"] = "Europe/Berlin" })
            .Succeeds().Prints("full_backup_20240107_030000 is now snapshot 20240107T020000Z", "imported 3 backups");

        Assert.Equal(["20240107T020000Z", "20240114T020000Z", "20240115T010000Z"], Ids());
        var headers = Headers();
        Assert.Equal(["full", "full", "database"], headers.Select(h => (string)h["type"]!));
        Assert.Equal("2024-01-07T02:00:00+00:00", (string)headers[0]["started_at"]!);
        Assert.Equal("full_backup_20240107_030000", (string)headers[0]["origin"]!["name"]!);
        Assert.Equal([site.Database, site.Storage], headers[0]["sources"]!.AsArray().Select(s => (string)s!["path"]!));
        Assert.Equal(100_000, New(headers[1]));
        Assert.Equal(0, New(headers[2]));
        Tree.AssertSame(before, Tree.Describe(old.Backups), Likeness.Restored);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(site.Backups, "staging")));

        site.Run("restore", "20240107", "--to", site.In("out")).Succeeds();
        Tree.AssertSame(first, Tree.Describe(site.In("out/storage")), AsArchived);
        Command.Run("cmp", database, site.In("out/app_data/app_data.db")).Succeeds();
        site.Run("verify", "--deep").Succeeds();
        site.Run("drill", "20240114").Succeeds();
    }

    [Fact]
    public void Repeating_it_does_what_is_left_and_a_taken_second_gives_way_to_the_next()
    {
        old.Create("database", "20240107_030000");
        site.Run("import", old.Backups).Succeeds();
        old.Create("storage", "20240107_030000");

        site.Run("import", old.Backups).Succeeds().Prints("imported 1 backup", "1 imported before");
        site.Run("import", old.Backups).Succeeds().Prints("imported 0 backups", "2 imported before");

        Assert.Equal(["20240107T030000Z", "20240107T030001Z"], Ids());
        Assert.Equal("2024-01-07T03:00:00+00:00", (string)Headers()[1]["started_at"]!);
    }

    [Fact]
    public void A_dry_run_says_what_would_be_done_and_does_nothing()
    {
        old.Create("full", "20240107_030000");
        site.SaveSettings();
        var before = Tree.Describe(site.Root);

        site.Run("import", old.Backups, "--dry-run").Succeeds().Prints("would import full_backup_20240107_030000 as a full snapshot", "would import 1 backup");
        var lines = Json.Lines(site.Run("import", old.Backups, "--dry-run", "--json").Succeeds().Output);

        Assert.Equal(["preview", "summary"], lines.Select(line => (string)line["message_type"]!));
        Assert.True((long)lines[0]["bytes"]! > 3_000_000);
        Tree.AssertSame(before, Tree.Describe(site.Root), Likeness.Content);
    }

    [Fact]
    public void One_that_is_bad_is_named_and_the_others_are_imported()
    {
        var bad = old.Create("database", "20240107_030000");
        Damage.FlipByte(bad, 5000);
        var half = old.Create("full", "20240108_030000");
        Damage.FlipByte(old.In("storage/storage_backup_20240108_030000.tar.gz"), 5000);
        old.Create("database", "20240109_030000");
        File.WriteAllText(old.In("full/full_backup_20240110_030000.json"), """{"success": false, "database": null, "storage": null, "errors": ["disk full"]}""");

        site.Run("import", old.Backups).Ends(1)
            .Says("db_backup_20240107_030000 is not imported: it is damaged", "needs storage_backup_20240108_030000, which is damaged", "disk full");

        Assert.Equal(["20240108T030000Z", "20240109T030000Z"], Ids());
        Assert.Equal(["database", "database"], Headers().Select(h => (string)h["type"]!));
        Assert.True(File.Exists(half));
    }

    /// <summary>Nor is anything remembered of a repository there, which the next run would miss.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_that_makes_nothing_begins_no_repository(bool dryRun)
    {
        var backup = old.Create("database", "20240107_030000");
        if (!dryRun)
        {
            Damage.FlipByte(backup, 5000);
        }

        site.Run(dryRun ? ["import", old.Backups, "--dry-run"] : ["import", old.Backups]).Ends(dryRun ? 0 : 1);

        Assert.Empty(Directory.GetFileSystemEntries(site.Backups));
        site.Run("list").Fails(10, $"{site.Backups} holds no repository yet");
        site.Run("create", "database").Succeeds();
    }

    /// <summary>Also where all of it was there already, so that the disk it is on is missed from then on.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_repository_of_what_was_imported_is_remembered(bool again)
    {
        old.Create("database", "20240107_030000");
        string[] import = ["import", old.Backups];
        var memory = new Dictionary<string, string?> { ["STATE_DIRECTORY"] = site.In("state") };
        if (Machine.IsRoot)
        {
            Command.Shell($"chmod 755 .; chmod -R go+rX old app; chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} backups app/app_data", site.Root);
        }

        site.Run(import, memory).Succeeds().Prints("imported 1 backup");
        if (again)
        {
            Command.Shell("rm state/*", site.Root);
            site.Run(import, memory).Succeeds().Prints("imported 0 backups", "1 imported before");
        }

        Command.Shell("rm -r backups/*", site.Root);
        site.Run(["create"], memory).Fails(1, $"there is no repository in {site.Backups} any more", "create --moved");
    }

    [Fact]
    public void What_was_never_complete_is_left_out()
    {
        old.Create("full", "20240108_030000");
        Command.Shell("rm storage/storage_backup_*", old.Backups);

        site.Run("import", old.Backups).Ends(3).Says("full_backup_20240108_030000 is not imported: it lacks storage_backup_20240108_030000.tar.gz");

        Assert.Equal(["database"], Headers().Select(h => (string)h["type"]!));
        site.Run("import", site.In("app")).Fails(10, "holds no backups of the Python system");
        site.Run("import", site.In("nowhere")).Fails(10, "does not exist");
    }

    [Fact]
    public void The_old_backup_directory_goes_on_being_the_backup_directory()
    {
        site.Settings["backup_dir"] = old.Backups;
        old.Create("full", "20240107_030000");

        site.Run("create").Succeeds();
        site.Run("import").Succeeds();
        site.Run("list").Succeeds().Prints("20240107T030000Z", "full_backup_20240107_030000", "is 20240107T030000Z");
        site.Run("verify", "--deep").Succeeds();
        site.Run("restore", "full_backup_20240107_030000", "--to", site.In("out")).Succeeds();

        File.WriteAllText(site.In("old/letter.txt"), "x");
        Command.Shell("rm -rf repository.json", old.Backups);
        site.Run("create").Fails(10, "letter.txt is there");
    }

    [Fact]
    public void A_folder_of_that_name_without_backups_is_somebody_elses()
    {
        Directory.CreateDirectory(Path.Combine(site.Backups, "storage"));
        File.WriteAllText(Path.Combine(site.Backups, "storage/picture.jpg"), "x");

        site.Run("create").Fails(10, "storage is there");
    }

    [Fact]
    public void The_next_backup_reads_what_was_imported_again_and_stores_nothing_twice()
    {
        old.Create("full", "20240107_030000");
        site.Run("import", old.Backups).Succeeds();

        // The same size and times as in the old backup, and another content.
        var path = site.InStorage("portraits/0/portrait.jpg");
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, Content.Random(40_000, seed: 999));
        File.SetLastWriteTimeUtc(path, time);
        var made = site.Create();

        site.Run("restore", made.Id, "--to", site.In("out")).Succeeds();
        Tree.AssertSame(site.Storage, site.In("out/storage"), Likeness.Restored);
        Assert.InRange(New(Headers()[^1]), 40_000, 40_000 + (2 * 65_536));
        Assert.Equal(made.Id, (string)Json.Lines(site.Run("show", "latest", "--json").Succeeds().Output)[0]["id"]!);
    }

    [Fact]
    public void What_only_old_backups_share_is_stored_once_too()
    {
        site.Write("gone.jpg", Content.Random(300_000, seed: 11));
        old.Create("full", "20240107_030000");
        old.Create("storage", "20240114_030000");
        File.Delete(site.InStorage("gone.jpg"));
        site.Create();

        site.Run("import", old.Backups).Succeeds();

        // A page of the database too: SQLite's copy counts the changes of its schema in it.
        Assert.InRange(New(Headers()[0]), 300_000, 300_000 + 65_536);
        Assert.Equal(0, New(Headers()[1]));
    }

    [Fact]
    public void Rotation_counts_it_among_the_others_and_import_says_so()
    {
        site.Settings["max_backups"] = 2;
        old.Create("full", "20240107_030000");
        old.Create("full", "20240114_030000");
        old.Create("full", "20240121_030000");

        site.Run("import", old.Backups).Succeeds().Says("the next rotation removes 1 of these 3");
        Assert.Equal(3, Ids().Count);

        site.Create();
        Assert.Equal("20240121T030000Z", Ids()[0]);
        Assert.Equal(2, Ids().Count);
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void One_of_a_time_to_come_is_refused()
    {
        old.Create("database", DateTime.UtcNow.AddHours(3).ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture));

        site.Run("import", old.Backups).Ends(1).Says("still to come", "TZ");
        site.Run(["import", old.Backups], new Dictionary<string, string?> { ["TZ"] = "Asia/Tokyo" }).Succeeds();
    }

    [Theory]
    [InlineData("fdatasync")]
    [InlineData("renameat2,rename,renameat")]
    public void Killed_in_the_middle_it_goes_on_when_repeated(string call)
    {
        Machine.NeedStrace();
        for (var i = 0; i < 3; i++)
        {
            site.Write($"portraits/{i}/more.jpg", Content.Random(400_000, seed: 50 + i));
            old.Create("full", $"2024010{i + 1}_030000", "--split", "700000");
        }

        var killed = 0;
        for (var when = 2; when <= 30; when += 7)
        {
            string[] before = ["strace", "-f", "-o", "/dev/null", "-e", $"trace={call},fsync", "-e", $"inject={call},fsync:signal=SIGKILL:when={when}", "--"];
            killed += site.Run(["import", old.Backups], null, before).Code == 0 ? 0 : 1;
        }

        Assert.True(killed > 2, "it was hardly ever killed");
        site.Run("import", old.Backups).Succeeds();

        Assert.Equal(3, Ids().Count);
        Assert.Equal(["full_backup_20240101_030000", "full_backup_20240102_030000", "full_backup_20240103_030000"], Headers().Select(h => (string)h["origin"]!["name"]!));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(site.Backups, "staging")));
        site.Run("verify", "--deep").Succeeds();
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        Tree.AssertSame(site.Storage, site.In("out/storage"), AsArchived);
    }

    [Fact]
    public void Run_by_an_ordinary_user_it_keeps_owners_and_modes_that_it_could_not_give()
    {
        Machine.NeedRoot("files of several owners");
        Command.Shell("chown 1234:4321 portraits/1/portrait.jpg; chmod 4711 portraits/2/portrait.jpg; chown -h 77 latest.jpg; mkdir closed; touch closed/x; chmod 0 closed; chmod 2500 videos", site.Storage);
        var expected = Tree.Describe(site.Storage);
        old.Create("storage", "20240107_030000");
        var user = site.BelongToOrdinaryUser();

        site.Run(["import", old.Backups], null, user).Succeeds();

        site.Run("restore", "20240107", "--to", site.In("out"), "--keep-special").Succeeds();
        Tree.AssertSame(expected, Tree.Describe(site.In("out/storage")), AsArchived);
    }

    [Fact]
    public void A_directory_that_may_not_be_read_is_not_taken_for_an_empty_one()
    {
        Machine.NeedRoot("files of several owners");
        old.Create("storage", "20240107_030000");
        var user = site.BelongToOrdinaryUser();
        Command.Shell($"chown 0:0 '{old.Backups}'; chmod 700 '{old.Backups}'");

        site.Run(["import", old.Backups], null, user).Fails(1, "cannot be listed", "must be able to read it");
    }

    [Fact]
    public void A_disk_without_room_for_it_is_refused_with_figures()
    {
        site.Settings["backup_dir"] = site.MountMemory("small", "size=9m,mode=755");
        old.Create("storage", "20240107_030000");
        site.Write("videos/large.mp4", Content.Random(8_000_000, seed: 5));
        old.Create("storage", "20240108_030000");

        site.Run("import", old.Backups).Ends(1).Says("too little space: storage_backup_20240108_030000 takes", "are free");
        Assert.Empty(Directory.GetFileSystemEntries(site.In("small/staging")));
    }

    private static long New(JsonNode header) => header["sources"]!.AsArray().Sum(s => (long)s!["new_bytes"]!);

    private List<string> Ids() => [.. Directory.GetFiles(Path.Combine((string)site.Settings["backup_dir"]!, "snapshots"), "*Z.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    private List<JsonNode> Headers() => Ids().ConvertAll(id => JsonNode.Parse(File.ReadAllText(Path.Combine((string)site.Settings["backup_dir"]!, $"snapshots/{id}.json")))!);
}
