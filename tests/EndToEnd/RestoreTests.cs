namespace VertexAr.Backup.EndToEnd;

/// <summary>Snapshots that come back beside the site.</summary>
public sealed class RestoreTests
{
    [Fact]
    public void Everything_comes_back_exactly()
    {
        using var site = new Site();
        var snapshot = site.Create();
        var storage = snapshot.Restored("storage");
        Tree.AssertSame(site.Storage, storage, Likeness.Restored);
        Assert.Equal(
            TestDatabase.Dump(site.Database), TestDatabase.Dump(Path.Combine(storage, "../app_data/app_data.db")));
        Assert.Equal(["app_data", "storage"], Directory.EnumerateFileSystemEntries(site.In($"restored-{snapshot.Id}")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_snapshot_gives_back_its_own_time()
    {
        using var site = new Site();
        var pictures = new List<(Snapshot Snapshot, IReadOnlyList<TreeEntry> Tree)>();
        for (var i = 0; i < 4; i++)
        {
            site.Write($"portraits/{i}/portrait.jpg", Content.Random(50_000 + i, seed: 200 + i));
            Directory.Delete(site.InStorage($"portraits/{i + 1}"), recursive: true);
            site.Write($"new/{i}.txt", Content.Text(5_000, seed: i));
            pictures.Add((site.Create(), Tree.Describe(site.Storage)));
        }

        foreach (var (snapshot, tree) in pictures)
        {
            Tree.AssertSame(tree, Tree.Describe(snapshot.Restored("storage")), Likeness.Restored);
        }
    }

    [Fact]
    public void An_empty_directory_may_be_the_target_and_a_full_one_may_not()
    {
        using var site = new Site();
        site.Create();
        var target = Directory.CreateDirectory(site.In("target")).FullName;
        site.Run("restore", "latest", "--to", target).Succeeds();
        var before = Tree.Describe(target);
        site.Run("restore", "latest", "--to", target).Fails(1, target, "not empty");
        Assert.Equal(before, Tree.Describe(target));
        site.Run("restore", "latest", "--to", site.Config).Fails(1, "not a directory");
        site.Run("restore", "latest", "--to", site.In("no/such/parent")).Fails(1, site.In("no/such"), "does not exist");
    }

    [Theory]
    [InlineData("database", "app_data")]
    [InlineData("storage", "storage")]
    public void Only_one_kind_comes_back_if_asked(string kind, string source)
    {
        using var site = new Site();
        site.Create();
        site.Run("restore", "latest", "--only", kind, "--to", site.In("out")).Succeeds();
        Assert.Equal([source], Directory.EnumerateFileSystemEntries(site.In("out")).Select(Path.GetFileName));
        var only = site.Create(kind);
        site.Run("restore", only.Id, "--only", kind == "database" ? "storage" : "database", "--to", site.In("none")).Fails(1, "holds nothing of that kind");
    }

    [Theory]
    [InlineData("/storage/portraits/2", "storage/portraits/2/portrait.jpg")]
    [InlineData("portrait.jpg", "storage/portraits/0/portrait.jpg", "storage/portraits/1/portrait.jpg", "storage/portraits/2/portrait.jpg", "storage/portraits/3/portrait.jpg", "storage/portraits/4/portrait.jpg", "storage/portraits/5/portrait.jpg")]
    [InlineData("storage/nft_markers/[12].fset", "storage/nft_markers/1.fset", "storage/nft_markers/2.fset")]
    [InlineData("**/clip.*", "storage/videos/clip.mp4")]
    [InlineData("app_data.db", "app_data/app_data.db")]
    [InlineData("latest.jpg", "storage/latest.jpg")]
    public void A_pattern_brings_back_files_or_subtrees(string pattern, params string[] expected)
    {
        using var site = new Site();
        site.Create();
        site.Run("restore", "latest", "--path", pattern, "--to", site.In("out")).Succeeds();
        Assert.Equal(expected, Tree.Describe(site.In("out")).Where(e => e.Type != 'd').Select(e => e.Path));
    }

    [Fact]
    public void A_path_may_be_given_as_it_is_on_the_disk()
    {
        using var site = new Site();
        site.Create();
        site.Run("restore", "latest", "--path", site.InStorage("videos/clip.mp4"), "--path", site.Database, "--to", site.In("out")).Succeeds();
        Assert.Equal(["app_data/app_data.db", "storage/videos/clip.mp4"], Tree.Describe(site.In("out")).Where(e => e.Type != 'd').Select(e => e.Path));
    }

    [Fact]
    public void The_example_in_the_help_works()
    {
        using var site = new Site();
        site.Write("portraits/42-anna/portrait.jpg", "anna");
        site.Create();
        Assert.Contains("restore latest --path 'portraits/42*' --to /tmp/found", Program.Run("help", "restore").Succeeds().Output, StringComparison.Ordinal);
        site.Run("restore", "latest", "--path", "portraits/42*", "--to", site.In("found")).Succeeds();
        Assert.Equal("anna", File.ReadAllText(site.In("found/storage/portraits/42-anna/portrait.jpg")));
    }

    [Fact]
    public void A_pattern_that_nothing_matches_is_an_error()
    {
        using var site = new Site();
        site.Create();
        site.Run("restore", "latest", "--path", "no-such-*", "--to", site.In("out")).Fails(1, "matches 'no-such-*'");
        Assert.False(Directory.Exists(site.In("out")));
    }

    [Fact]
    public void A_dry_run_says_what_would_be_restored_and_makes_nothing()
    {
        using var site = new Site();
        site.Create();
        site.Run("restore", "latest", "--to", site.In("out"), "--dry-run").Succeeds().Prints("would restore 14 files", "storage", "app_data");
        Assert.False(Directory.Exists(site.In("out")));
    }

    [Fact]
    public void Files_are_counted_alike_by_all_commands()
    {
        using var site = new Site();
        Command.Shell("ln portraits/1/portrait.jpg hard; ln -s /nowhere portraits/link; mkfifo fifo", site.Storage);
        site.Run("create").Succeeds().Prints(": 15 files, ");
        site.Run("show", "latest").Succeeds().Prints("content   15 files, ");
        var size = site.Run("show", "latest").Output.Split("15 files, ")[1].Split(';')[0];
        site.Run("restore", "latest", "--to", site.In("out"), "--dry-run").Succeeds().Prints($"would restore 15 files, {size}, of");
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Prints($"restored 15 files and 2 symlinks, {size}, of");
        site.Run("restore", "latest", "--path", "storage/portraits/link", "--to", site.In("link")).Succeeds().Prints("restored 0 files and 1 symlink, ");
        var counts = Json.Lines(site.Run("restore", "latest", "--to", site.In("json"), "--json").Succeeds().Output)[^1];
        Assert.Equal((15, 2), ((int)counts["files"]!, (int)counts["symlinks"]!));
    }

    [Fact]
    public void Damaged_content_is_never_restored_silently()
    {
        using var site = new Site();
        site.Create("storage");
        var (caught, places) = (0, 0);
        foreach (var pack in site.Packs())
        {
            for (var part = 1; part < 8; part++, places++)
            {
                var place = new FileInfo(pack).Length * part / 8;
                Damage.FlipByte(pack, place);
                var target = site.In($"out-{places}");
                var result = site.Run("restore", "latest", "--to", target);
                if (result.Code == 0)
                {
                    Tree.AssertSame(site.Storage, Path.Combine(target, "storage"), Likeness.Restored);
                }
                else
                {
                    result.Fails(1, "storage/", "verify --deep");
                    Assert.False(Directory.Exists(target), "a failed restore left something");
                    caught++;
                }

                Damage.FlipByte(pack, place);
            }
        }

        Assert.InRange(caught, places / 2, places);
    }

    [Fact]
    public void With_keep_going_everything_but_the_damaged_files_comes_back()
    {
        using var site = new Site(withMedia: false);
        site.Settings["pack_size_mb"] = 1;
        site.Write("bad.mp4", Content.Random(1 << 20, seed: 1));
        site.Write("good.mp4", Content.Random(1 << 20, seed: 2));
        site.Write("text.txt", Content.Text(10_000, seed: 3));
        site.Create();
        var sample = Content.Random(1 << 20, seed: 1).AsSpan(1000, 50).ToArray();
        Damage.FlipByte(site.Packs().Single(pack => File.ReadAllBytes(pack).AsSpan().IndexOf(sample) >= 0), 700_000);
        site.Run("restore", "latest", "--keep-going", "--to", site.In("out")).Ends(1).Says("bad.mp4", "could not be restored");
        File.Delete(site.InStorage("bad.mp4"));
        Tree.AssertSame(site.Storage, site.In("out/storage"), Likeness.ModesOfFiles | Likeness.TimesOfFiles | Likeness.Owners);
        TestDatabase.CheckCopy(site.In("out/app_data/app_data.db"));
    }

    [Fact]
    public void Without_the_check_a_whole_snapshot_comes_back_too()
    {
        using var site = new Site();
        Tree.AssertSame(site.Storage, site.Create().Restored("storage", "--no-verify"), Likeness.Restored);
    }

    [Fact]
    public void An_ordinary_user_restores_what_he_may_read()
    {
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        site.Run(["create"], before: before).Succeeds();
        site.Run(["restore", "latest", "--to", site.In("out")], before: before).Succeeds();
        Tree.AssertSame(site.Storage, site.In("out/storage"), Likeness.Restored);
    }
}
