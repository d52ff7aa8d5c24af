namespace VertexAr.Backup.EndToEnd;

/// <summary>Damage is found and named, and looking for it changes nothing.</summary>
public sealed class VerifyTests
{
    [Theory]
    [InlineData]
    [InlineData("latest")]
    [InlineData("--all")]
    [InlineData("--deep")]
    [InlineData("latest", "--deep")]
    public void A_sound_repository_is_called_sound_and_left_as_it_is(params string[] arguments)
    {
        using var site = new Site();
        site.Create();
        site.Create();
        Directory.Delete(Path.Combine(site.Backups, "runs"), recursive: true);
        var before = Tree.Describe(site.Backups);
        site.Run(["verify", .. arguments]).Succeeds().Prints(arguments.Contains("latest") ? "1 snapshot," : "2 snapshots,");
        Directory.Delete(Path.Combine(site.Backups, "runs"), recursive: true); // It remembers that it ran, and nothing else.
        Tree.AssertSame(before, Tree.Describe(site.Backups), Likeness.Restored & ~Likeness.TimesOfOthers);
    }

    [Fact]
    public void A_missing_pack_is_found_at_once_with_the_files_it_takes_along()
    {
        using var site = new Site();
        var snapshot = site.Create();
        var pack = PackOfClip(site);
        File.Delete(pack);
        var said = site.Run("verify").Ends(1).Prints(Name(pack), "is missing", snapshot.Id, "storage/videos/clip.mp4", "what to do", "restore");
        Assert.DoesNotContain("  mv ", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pack_that_was_cut_short_is_found_at_once()
    {
        using var site = new Site();
        site.Create();
        var pack = PackOfClip(site);
        Command.Shell($"truncate -s -1 '{pack}'");
        site.Run("verify").Ends(1).Prints(Name(pack), "written with", "storage/videos/clip.mp4");
    }

    [Fact]
    public void A_flipped_bit_in_any_pack_is_found_by_reading_and_names_only_the_files_it_hits()
    {
        using var site = new Site();
        var snapshot = site.Create();
        var pack = PackOfClip(site);
        var content = Content.Random(3_000_000, seed: 100);
        Damage.FlipByte(pack, File.ReadAllBytes(pack).AsSpan().IndexOf(content.AsSpan(1_000_000, 100)));
        site.Run("verify").Succeeds();
        var result = site.Run("verify", "--deep").Ends(1).Prints(Name(pack), snapshot.Id, "file: storage/videos/clip.mp4", "what to do");
        Assert.DoesNotContain("file: storage/portraits", result.Output, StringComparison.Ordinal);
    }

    /// <summary>What is not read again, since it did not change, would be as broken in every new snapshot.</summary>
    [Fact]
    public void The_next_run_builds_on_no_pack_that_was_found_damaged()
    {
        using var site = new Site();
        site.Settings["workers"] = 1;
        site.Create();
        var pack = PackOfClip(site);
        var content = Content.Random(3_000_000, seed: 100);
        Damage.FlipByte(pack, File.ReadAllBytes(pack).AsSpan().IndexOf(content.AsSpan(1_000_000, 100)));
        site.Run("verify", "--deep").Ends(1);

        site.Run("create").Ends(3).Says(Name(pack), "was found damaged", "stored again");
        site.Run("verify", "latest", "--deep").Succeeds();
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
        site.Run("status").Ends(1).Prints("'create full' found damage in earlier snapshots", Name(pack));

        site.Run("create").Succeeds();
        Assert.DoesNotContain("create full", site.Run("status").Ends(1).Prints("'verify --deep' failed").Output.Split("last failure")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("drill")]
    public void A_mistyped_ID_says_nothing_about_the_backups(string verb)
    {
        using var site = new Site(withMedia: false);
        var snapshot = site.Create();
        site.Run(verb, "20200101T000000Z").Fails(1, "no snapshot '20200101T000000Z'");
        site.Run(verb, snapshot.Id[..^1] + "X").Fails(1, "no snapshot");
        site.Run("status").Succeeds().Prints("healthy:");
        Assert.DoesNotContain("NOT", site.Run("status").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flipped_bit_anywhere_in_any_file_of_the_repository_is_found()
    {
        using var site = new Site();
        site.Create();
        var quiet = new[] { "lock", "RECOVERY.txt" };
        foreach (var file in Directory.EnumerateFiles(site.Backups, "*", SearchOption.AllDirectories)
            .Where(f => !quiet.Contains(Path.GetFileName(f)) && !f.Contains("/runs/", StringComparison.Ordinal)))
        {
            var length = new FileInfo(file).Length;
            foreach (var place in new[] { 0, 1, 5, length / 3, length / 2, length - 9, length - 1 })
            {
                Damage.FlipByte(file, place);
                var result = site.Run("verify", "--deep");
                Assert.True(result.Code == 1, $"byte {place} of {length} of {file}\n{result}");
                Damage.FlipByte(file, place);
            }
        }

        site.Run("verify", "--deep").Succeeds();
    }

    /// <summary>The second look is at one snapshot, or does not come to look at all.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Damage_that_is_known_outlives_a_check_that_fails_on_less(bool cannotLook)
    {
        using var site = new Site(withMedia: false);
        site.Write("one", Content.Random(300_000, seed: 1));
        var first = site.Create("storage");
        site.Write("two", Content.Random(300_000, seed: 2));
        site.Create("storage");
        site.Packs().ToList().ForEach(pack => Damage.FlipByte(pack, 150_000));
        site.Run("verify", "--deep").Ends(1);
        Command.Shell(cannotLook ? "mv snapshots away; touch snapshots" : "true", site.Backups);
        site.Run(["verify", "--deep", .. cannotLook ? [] : new[] { first.Id }]).Ends(1);
        Command.Shell(cannotLook ? "rm snapshots; mv away snapshots" : "true", site.Backups);

        site.Run("create", "storage").Ends(3).Says("was found damaged by the last 'verify'");

        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
        site.Run("verify", "--deep", site.Newest().Id).Succeeds();
    }

    [Fact]
    public void Latest_says_that_it_passes_over_a_damaged_snapshot()
    {
        using var site = new Site();
        var (good, bad) = (site.Create(), site.Create());
        Damage.FlipByte(bad.HeaderPath, 30);
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Prints(good.Id).Says($"snapshot {bad.Id} is newer, but damaged");
    }

    [Fact]
    public void A_snapshot_of_a_newer_version_leaves_the_others_usable()
    {
        using var site = new Site();
        var (older, newer) = (site.Create(), site.Create());
        Damage.Reseal(newer.HeaderPath, text => text.Replace("\"requires\": []", "\"requires\": [\"telepathy\"]", StringComparison.Ordinal));
        site.Run("list").Ends(1).Prints(older.Id).Says(newer.Id, "telepathy", "newer version");
        site.Run("restore", newer.Id, "--to", site.In("out")).Ends(1).Says("telepathy");
        site.Run("restore", older.Id, "--to", site.In("out")).Succeeds();
    }

    [Fact]
    public void A_damaged_header_list_and_table_are_each_named()
    {
        using var site = new Site();
        var (header, list, table, good) = (site.Create(), site.Create(), site.Create(), site.Create());
        Damage.FlipByte(header.HeaderPath, 50);
        Damage.FlipByte(list.ListPath, 50);
        Damage.FlipByte(table.PackTablePath, 30);
        var result = site.Run("verify", "--deep").Ends(1).Prints(header.Id, list.Id, table.Id);
        Assert.DoesNotContain(good.Id, result.Output, StringComparison.Ordinal);
        site.Run("verify", good.Id, "--deep").Succeeds();
    }

    [Fact]
    public void Stats_count_by_type_and_tell_what_sharing_saves()
    {
        using var site = new Site();
        site.Create();
        site.Create();
        site.Create("database");
        var lines = site.Run("stats").Succeeds().Output.Split('\n');
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^full +2 "));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^database +1 "));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^all +3 "));
        Assert.Contains(lines, line => line.StartsWith("on disk ", StringComparison.Ordinal) && line.Contains('%', StringComparison.Ordinal));
    }

    private static string Name(string pack) => Path.GetFileName(pack)[..64];

    private static string PackOfClip(Site site)
    {
        var sample = Content.Random(3_000_000, seed: 100).AsSpan(500_000, 100).ToArray();
        return site.Packs().Single(pack => File.ReadAllBytes(pack).AsSpan().IndexOf(sample) >= 0);
    }
}
