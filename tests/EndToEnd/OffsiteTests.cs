using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Snapshots in a second place, and back from there.</summary>
public sealed class OffsiteTests : IDisposable
{
    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_backup_is_followed_by_a_copy_and_only_what_is_new_travels()
    {
        var place = new SecondPlace(site);
        site.Run("create").Succeeds().Prints("copied 1 new snapshot, ");
        place.AssertIsCopy();
        var before = place.Files().ToDictionary(file => file, file => new FileInfo(place.In(file)).LastWriteTimeUtc);
        site.Write("new.jpg", Content.Random(10_000, seed: 1));

        site.Run("create").Succeeds().Prints("copied 1 new snapshot, 4 files, ");

        place.AssertIsCopy();
        Assert.All(before, file => Assert.Equal(file.Value, new FileInfo(place.In(file.Key)).LastWriteTimeUtc));
        site.Run("offsite", "push").Succeeds().Prints("has everything already");
        site.Run("offsite", "status").Succeeds().Prints("both", "2 snapshots");
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(site.Backups, "staging")));
    }

    [Fact]
    public void It_is_left_out_when_that_is_asked_for_and_status_says_what_is_only_here()
    {
        var place = new SecondPlace(site);
        site.Create("--no-offsite");
        Assert.Empty(place.Files());

        site.Run("offsite", "status").Ends(1).Prints("here").Says("is not in the second place", "offsite push");
        site.Run("status").Ends(1).Prints("no snapshot was ever copied to the second place");
        site.Run("offsite", "push", "--dry-run").Succeeds().Prints("would copy 1 new snapshot");
        Assert.Empty(place.Files());
        place.Settings["push_after_create"] = false;
        site.Create();
        Assert.Empty(place.Files());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_empty_machine_gets_all_back_with_the_name_of_the_place_alone(bool crypt)
    {
        var place = new SecondPlace(site, crypt);
        site.Create();
        site.Write("new.jpg", Content.Random(10_000, seed: 1));
        var newest = site.Create();
        var bare = Directory.CreateDirectory(site.In("bare")).FullName;

        Program.Run(["list", "--from-offsite", "--backup-dir", bare, .. place.Options], null).Succeeds().Prints(newest.Id);
        Program.Run(["show", "latest", "--files", "--from-offsite", "--backup-dir", bare, .. place.Options], null).Succeeds().Prints("storage/new.jpg");
        Program.Run(["restore", "latest", "--from-offsite", "--to", site.In("restored"), "--backup-dir", bare, .. place.Options], null).Succeeds();
        Program.Run(["offsite", "pull", "--backup-dir", bare, .. place.Options], null).Succeeds().Prints("2 snapshots");

        Tree.AssertSame(site.Storage, site.In("restored/storage"), Likeness.Restored);
        TestDatabase.CheckCopy(site.In("restored/app_data/app_data.db"));
        Program.Run("verify", "--deep", "--backup-dir", bare).Succeeds();
        Command.Run("diff", "-r", Path.Combine(site.Backups, "snapshots"), Path.Combine(bare, "snapshots")).Succeeds();
        Assert.Equal(File.ReadAllBytes(Path.Combine(site.Backups, "repository.json")), File.ReadAllBytes(Path.Combine(bare, "repository.json")));
        Program.Run(["offsite", "pull", "--backup-dir", bare, .. place.Options], null).Succeeds().Prints("has everything already");
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(bare, "staging")));
    }

    [Fact]
    public void Of_one_file_only_the_packs_are_fetched_that_it_needs_and_those_that_are_here_are_not()
    {
        site.Settings["pack_size_mb"] = 1;
        var place = new SecondPlace(site);
        site.Create();
        Assert.True(place.Packs().Count > 3, "several packs");
        var bare = Directory.CreateDirectory(site.In("bare")).FullName;
        string[] one = ["restore", "latest", "--from-offsite", "--path", "portraits/3/portrait.jpg", "--to"];

        Program.Run([.. one, site.In("one"), "--backup-dir", bare, .. place.Options], null).Succeeds().Says("fetching 1 pack");
        site.Run([.. one, site.In("two")]).Succeeds().Says("fetching 0 packs, 0 B; 1 of 1 pack here already");

        foreach (var to in new[] { "one", "two" })
        {
            var file = Assert.Single(Directory.GetFiles(site.In(to), "*", SearchOption.AllDirectories));
            Assert.Equal(File.ReadAllBytes(site.InStorage("portraits/3/portrait.jpg")), File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void A_pack_that_rotted_here_is_fetched_and_one_that_rotted_there_is_never_restored()
    {
        var place = new SecondPlace(site);
        site.Create();
        Damage.FlipByte(site.Packs()[0], 100);
        site.Run("restore", "latest", "--from-offsite", "--to", site.In("restored")).Succeeds().Says("fetching 1 pack");
        Tree.AssertSame(site.Storage, site.In("restored/storage"), Likeness.Restored);

        Damage.FlipByte(place.In(Path.GetRelativePath(site.Backups, site.Packs()[0])), 100);
        var bare = Directory.CreateDirectory(site.In("bare")).FullName;
        Program.Run(["restore", "latest", "--from-offsite", "--to", site.In("again"), "--backup-dir", bare, .. place.Options], null)
            .Ends(1).Says("does not match its name (SHA-256)", "nothing was changed");
        Program.Run(["offsite", "pull", "--backup-dir", bare, .. place.Options], null).Ends(1).Says("could not be brought here", "does not match its name (SHA-256)");
        Assert.False(Directory.Exists(site.In("again")));
        Assert.Empty(Directory.GetFiles(Path.Combine(bare, "snapshots")));
    }

    [Fact]
    public void What_is_damaged_there_is_found_and_replaced_by_the_next_copy()
    {
        var place = new SecondPlace(site, crypt: true);
        var snapshot = site.Create();
        site.Run("offsite", "verify").Succeeds().Prints("the server tells no checksums that help");
        var largest = place.Files().Select(place.In).MaxBy(file => new FileInfo(file).Length)!;
        Damage.FlipByte(largest, 5000);

        site.Run("offsite", "verify").Succeeds();
        site.Run("offsite", "verify", "--deep").Ends(1).Prints("damaged: pack ", $"  snapshots: {snapshot.Id}", "offsite push");
        site.Run("status").Ends(1).Prints("'offsite verify' failed");
        site.Run("offsite", "push").Succeeds().Says("was found damaged there, and is replaced");

        site.Run("offsite", "verify", "--deep").Succeeds().Prints("every byte is as it was written");
        site.Run("status").Succeeds();
    }

    [Fact]
    public void Checksums_of_the_server_find_rot_without_reading_and_sizes_what_was_cut()
    {
        var place = new SecondPlace(site);
        var snapshot = site.Create();
        Damage.FlipByte(place.Packs()[0], 100);
        site.Run("offsite", "verify").Ends(1).Prints("has another checksum there (sha256)", snapshot.Id);
        File.WriteAllText(place.Packs()[1], "");
        File.Delete(place.In($"snapshots/{snapshot.Id}.files.jsonl.gz"));
        Damage.FlipByte(place.In($"snapshots/{snapshot.Id}.packs.jsonl.gz"), 20);
        site.Run("offsite", "verify", "--json").Ends(1).Prints("\"message_type\":\"damage\"");

        site.Run("offsite", "push").Succeeds();

        place.AssertIsCopy();
        site.Run("offsite", "verify").Succeeds();
    }

    [Fact]
    public void What_is_damaged_here_is_not_copied_and_the_rest_is()
    {
        var place = new SecondPlace(site);
        var first = site.Create("--no-offsite");
        var pack = site.Packs().MaxBy(file => new FileInfo(file).Length)!;
        Damage.FlipByte(pack, 100);
        site.Run("offsite", "push").Ends(1).Says($"snapshot {first.Id} was not copied: it needs pack");
        Assert.DoesNotContain($"snapshots/{first.Id}.json", place.Files());

        // Of the same content the same pack would be made again, and all would be well.
        File.Delete(pack);
        site.Write("videos/clip.mp4", Content.Random(1_000_000, seed: 7));
        site.Run("create", "--rescan", "--no-offsite", "--accept-shrink").Ends(3).Says("is missing: what it held is stored again");
        var second = site.Newest();
        site.Run("offsite", "push").Ends(1).Says($"snapshot {first.Id} was not copied");
        Assert.Contains($"snapshots/{second.Id}.json", place.Files());
        Assert.DoesNotContain($"snapshots/{first.Id}.json", place.Files());
    }

    [Fact]
    public void Nothing_is_deleted_there_unless_rules_say_what_to_keep()
    {
        site.Settings["max_backups"] = 1;
        var place = new SecondPlace(site);
        for (var i = 0; i < 3; i++)
        {
            site.Write("changing.jpg", Content.Random(20_000, seed: i));
            site.Create();
        }

        Assert.Single(site.Snapshots());
        Assert.Equal(3, Headers(place));
        site.Run("offsite", "status").Succeeds().Prints("off-site", "3 snapshots");

        place.Settings["max_backups"] = 2;
        site.Run("offsite", "push").Succeeds().Prints("removed there", "freed");

        Assert.Equal(2, Headers(place));
        site.Run("offsite", "verify", "--deep").Succeeds();
        place.Settings["max_backups"] = 1;
        site.Run("offsite", "push").Succeeds();
        place.AssertIsCopy();
    }

    [Fact]
    public void Nothing_is_deleted_there_while_a_header_cannot_be_read()
    {
        site.Settings["max_backups"] = 1;
        var place = new SecondPlace(site);
        var first = site.Create();
        site.Create();
        site.Create();
        Damage.FlipByte(place.In($"snapshots/{first.Id}.json"), 100);
        place.Settings["max_backups"] = 1;

        site.Run("offsite", "push").Succeeds().Says("nothing is removed", "cannot be read");

        Assert.Equal(3, Headers(place));
    }

    [Fact]
    public void What_another_repository_or_anybody_else_has_there_is_left_alone()
    {
        var place = new SecondPlace(site);
        using var other = new Site();
        other.Settings["offsite"] = new JsonObject { ["remote"] = place.Remote, ["rclone_config"] = place.Config };
        site.Create();
        other.Run("create").Succeeds().Says("not in the second place", "another repository", "another prefix");
        place.AssertIsCopy();

        Directory.CreateDirectory(site.In("letters"));
        File.WriteAllText(site.In("letters/letter"), "Dear …");
        place.Settings["remote"] = site.In("letters");
        site.Run("offsite", "push").Fails(1, "it is not empty", "another prefix");
        Assert.Single(Directory.GetFileSystemEntries(site.In("letters")));

        var elsewhere = Directory.CreateDirectory(site.In("elsewhere")).FullName;
        other.Run("offsite", "pull", "--backup-dir", other.Backups).Fails(1, "the copy of another repository");
        site.Run("offsite", "pull", "--remote", elsewhere).Fails(10, "holds no backups");
    }

    /// <summary>As at the top of an FTP server. In a place that is ours already it may lie next to ours.</summary>
    [Fact]
    public void Somebody_elses_incoming_directory_is_left_alone()
    {
        var place = new SecondPlace(site);
        Command.Shell("mkdir -p second/incoming/customers/none; echo mine > second/incoming/customers/order; cp -a second/incoming mine", site.Root);
        var mine = Tree.Describe(site.In("mine"));
        site.Run("create").Succeeds().Says("not in the second place", "it is not empty: incoming/customers/order is there");
        Assert.Equal(["incoming/customers/order"], place.Files());

        Command.Shell("rm -r second/incoming", site.Root);
        site.Run("offsite", "push").Succeeds();
        Command.Shell("cp -a mine second/incoming; mkdir second/incoming/20200101T000000Z; echo half > second/incoming/20200101T000000Z/half; echo mine > second/snapshots/20200101T000000Z.mine", site.Root);
        place.Settings["max_backups"] = 1;
        site.Write("new", "new");
        site.Run("create", "--verbose").Succeeds().Says("incoming/customers/order was not put there by this program, and stays");
        Assert.Equal(1, Headers(place));
        Assert.Equal("mine\n", File.ReadAllText(place.In("snapshots/20200101T000000Z.mine")));
        Tree.AssertSame(mine, Tree.Describe(place.In("incoming")), Likeness.Content);
    }

    [Fact]
    public void A_text_of_the_name_of_ours_is_not_replaced_where_nothing_else_is()
    {
        var place = new SecondPlace(site);
        Directory.CreateDirectory(place.Top);
        File.WriteAllText(place.In("RECOVERY.txt"), "mine");
        site.Run("create").Succeeds().Says("it is not empty: RECOVERY.txt is there");
        Assert.Equal("mine", File.ReadAllText(place.In("RECOVERY.txt")));
        File.Copy(Path.Combine(site.Backups, "RECOVERY.txt"), place.In("RECOVERY.txt"), overwrite: true);
        site.Run("offsite", "push").Succeeds();
        place.AssertIsCopy();
    }

    [Fact]
    public void With_a_wrong_password_nothing_is_taken_for_an_empty_place()
    {
        var place = new SecondPlace(site, crypt: true);
        site.Create();
        var before = place.Files();
        place.WriteConfig("another password");

        site.Run("offsite", "push").Fails(1, "does not decrypt");
        site.Run("list", "--from-offsite").Fails(1, "does not decrypt");

        Assert.Equal(before, place.Files());
    }

    [Fact]
    public void What_broken_off_copies_left_is_removed_and_completed()
    {
        var place = new SecondPlace(site);
        site.Create();
        Directory.CreateDirectory(place.In("incoming/20200101T000000Z/packs"));
        File.WriteAllText(place.In("incoming/20200101T000000Z/packs/half"), "half");
        foreach (var file in place.Files().Where(file => file.StartsWith("snapshots/", StringComparison.Ordinal)))
        {
            File.Delete(place.In(file));
        }

        File.Delete(place.Packs()[0]);
        File.Delete(place.In("repository.json"));
        foreach (var pack in place.Packs())
        {
            File.Delete(pack);
        }

        site.Run("offsite", "push").Succeeds();

        place.AssertIsCopy();
    }

    [Fact]
    public void What_another_run_has_on_its_way_there_stays()
    {
        var place = new SecondPlace(site);
        place.ReplaceRclone($"[[ $verb = move ]] && {{ mkdir -p '{place.In("incoming/20200101T000000Z")}'; echo theirs > '{place.In("incoming/20200101T000000Z/half")}'; }}");
        site.Create();

        Assert.Equal([place.In("incoming/20200101T000000Z/half")], Directory.GetFiles(place.In("incoming"), "*", SearchOption.AllDirectories));
        Assert.Equal([place.In("incoming/20200101T000000Z")], Directory.GetDirectories(place.In("incoming")));

        // Who copies next knows that the other is gone.
        place.Settings.Remove("rclone");
        site.Write("new", "new");
        site.Create();
        place.AssertIsCopy();
        Assert.False(Directory.Exists(place.In("incoming")));
    }

    private static int Headers(SecondPlace place) => place.Files().Count(file => file.StartsWith("snapshots/", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal));
}
