namespace VertexAr.Backup.EndToEnd;

/// <summary>What a snapshot lacks though it was there is not replaced by nothing: it stays, the same file, in the live tree.</summary>
public sealed class RestoreGapsTests
{
    [Fact]
    public void What_could_not_be_read_stays_and_is_named()
    {
        using var site = new Site();
        Close(site);
        var inodes = Inodes(site, "portraits/1/secret.key portraits/1 closed closed/inside portraits");
        site.Write("portraits/1/portrait.jpg", "ruined");
        site.Write("portraits/2/later.jpg", "made since");
        site.Run("restore", site.Newest().Id, "--dry-run").Succeeds().Prints("one by one", $"left alone: {site.InStorage("closed")}", "Permission denied");
        site.Run("restore", site.Newest().Id, "--only", "storage", "--yes").IsPartial("storage/closed", "storage/portraits/1/secret.key", "2 paths could not be restored");
        Assert.Equal(inodes, Inodes(site, "portraits/1/secret.key portraits/1 closed closed/inside portraits"));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
        Assert.False(File.Exists(site.InStorage("portraits/2/later.jpg")));
        var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*"));
        Assert.Equal("ruined", File.ReadAllText(Path.Combine(kept, "portraits/1/portrait.jpg")));
        Assert.True(File.Exists(Path.Combine(kept, "portraits/2/later.jpg")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(kept, "closed"));
        Assert.Empty(Directory.EnumerateFiles(kept, "secret.key", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_could_not_be_read_is_shown_and_every_other_way_back_says_so_too()
    {
        using var site = new Site();
        Close(site);
        var snapshot = site.Newest();
        Assert.Contains("absent", snapshot.Header["requires"]!.AsArray().Select(feature => (string)feature!));
        Assert.Equal("absent", (string)snapshot.Files()["storage/portraits/1/secret.key"]["type"]!);
        var shown = site.Run("show", snapshot.Id, "--files").Succeeds().Prints("storage/closed: cannot be opened: Permission denied").Output.Split('\n');
        Assert.Equal(
            Assert.Single(shown, line => line.EndsWith("storage/portraits/1", StringComparison.Ordinal)).IndexOf("storage/", StringComparison.Ordinal),
            Assert.Single(shown, line => line.StartsWith("not saved", StringComparison.Ordinal) && line.Contains("closed", StringComparison.Ordinal)).IndexOf("storage/", StringComparison.Ordinal));
        site.Run("restore", snapshot.Id, "--to", site.In("out")).IsPartial("storage/closed");
        Assert.True(File.Exists(site.In("out/storage/portraits/1/portrait.jpg")));
        Assert.False(Directory.Exists(site.In("out/storage/closed")));
        site.Run("restore", snapshot.Id, "--path", "storage/portraits/1/secret.key", "--yes").Fails(1, "secret.key", "could not be saved", "older snapshot");
        site.Run("restore", snapshot.Id, "--path", "storage/closed/inside", "--yes").Fails(1, "'storage/closed' could not be saved");
        site.Run("restore", snapshot.Id, "--path", site.InStorage("closed/inside"), "--yes").Fails(1, "'storage/closed' could not be saved");
        site.Run("restore", snapshot.Id, "--path", "storage/close", "--yes").Fails(1, "nothing in snapshot");
        site.Run("restore", snapshot.Id, "--path", "storage/portraits/1", "--yes").IsPartial("secret.key");
        site.Run("restore", snapshot.Id, "--path", "storage/portraits/2", "--yes").Succeeds();
        site.Run("verify", "--deep").Succeeds();
        site.Run("drill", snapshot.Id).Succeeds();

        var text = File.ReadAllText(Path.Combine(site.Backups, "RECOVERY.txt"));
        var script = text.Split("-----8<-----")[2];
        File.WriteAllText(site.In("recover.sh"), script[script.IndexOf('\n', StringComparison.Ordinal)..]);
        Command.Run(["sh", site.In("recover.sh"), snapshot.Id, site.In("recovered")], directory: site.Backups).Succeeds().Says("NOT SAVED", "storage/closed", "secret.key");
        Tree.AssertSame(site.In("out/storage"), site.In("recovered/files/storage"), Likeness.Content);
    }

    [Fact]
    public void A_directory_in_which_something_was_mounted_stays_when_that_is_not_mounted_any_more()
    {
        using var site = new Site();
        var mount = site.MountMemory("app/storage/disk", "size=1m");
        File.WriteAllText(Path.Combine(mount, "file"), "on the disk");
        site.Create("storage");
        Command.Run("umount", mount).Succeeds();
        site.Write("disk/file", "moved here from the disk");
        site.Write("portraits/1/portrait.jpg", "ruined");
        var inode = Inodes(site, "disk disk/file");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(inode, Inodes(site, "disk disk/file"));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
    }

    [Fact]
    public void A_database_that_is_configured_no_more_stays_with_its_log()
    {
        using var site = new Site();
        Directory.CreateDirectory(site.InStorage("db"));
        using var database = new TestDatabase(site.InStorage("db/other.db"));
        database.Fill(rows: 50);
        site.Settings["databases"]!.AsArray().Add(Site.Source("other", database.Path));
        site.Create("storage");
        site.Settings["databases"]!.AsArray().RemoveAt(1);
        var inodes = Inodes(site, "db/other.db db/other.db-wal");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(inodes, Inodes(site, "db/other.db db/other.db-wal"));
        database.Execute("UPDATE account SET note = 'written since' WHERE id = 1");
        Assert.Equal(1, database.Number("SELECT count(*) FROM account WHERE note = 'written since'"));
    }

    [Fact]
    public void A_file_whose_stored_content_is_damaged_stays_as_it_is()
    {
        using var site = new Site(withMedia: false);
        site.Settings["pack_size_mb"] = 1;
        site.Write("videos/bad.mp4", Content.Random(1 << 20, seed: 1));
        site.Write("videos/good.mp4", Content.Random(1 << 20, seed: 2));
        site.Create();
        var sample = Content.Random(1 << 20, seed: 1).AsSpan(1000, 50).ToArray();
        Damage.FlipByte(site.Packs().Single(pack => File.ReadAllBytes(pack).AsSpan().IndexOf(sample) >= 0), 700_000);
        site.Write("videos/good.mp4", "ruined");
        site.Write("later.txt", "made since");
        var inode = Inodes(site, "videos/bad.mp4");
        site.Run("restore", "latest", "--yes").Fails(1, "bad.mp4");
        site.Run("restore", "latest", "--yes", "--keep-going").Ends(1).Says("bad.mp4", "could not be restored");
        Assert.Equal(inode, Inodes(site, "videos/bad.mp4"));
        Assert.True(File.ReadAllBytes(site.InStorage("videos/bad.mp4")).AsSpan().SequenceEqual(Content.Random(1 << 20, seed: 1)));
        Assert.True(File.ReadAllBytes(site.InStorage("videos/good.mp4")).AsSpan().SequenceEqual(Content.Random(1 << 20, seed: 2)));
        Assert.False(File.Exists(site.InStorage("later.txt")));
        TestDatabase.CheckCopy(site.Database);
    }

    [Fact]
    public void A_database_whose_stored_content_is_damaged_stays_as_it_is()
    {
        using var site = new Site(withMedia: false);
        site.Write("text.txt", "saved");
        site.Create();
        foreach (var pack in site.Packs().Where(pack => new FileInfo(pack).Length > 50_000))
        {
            Damage.FlipByte(pack, new FileInfo(pack).Length / 2);
        }

        var inode = Command.Run("stat", "-c", "%i", site.Database).Succeeds().Output;
        site.Run("restore", "latest", "--yes", "--keep-going").Ends(1).Says("app_data/app_data.db", "could not be restored");
        Assert.Equal(inode, Command.Run("stat", "-c", "%i", site.Database).Succeeds().Output);
        TestDatabase.CheckCopy(site.Database);
        Assert.Equal(["app_data.db"], Directory.GetFiles(Path.GetDirectoryName(site.Database)!).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void Of_a_partial_snapshot_that_does_not_say_what_it_lacks_everything_stays_that_it_has_not()
    {
        using var site = new Site();
        var snapshot = site.Create("storage");

        // As an earlier version would have written it.
        Damage.Reseal(snapshot.HeaderPath, text => text.Replace("\"complete\"", "\"partial\"", StringComparison.Ordinal));
        site.Write("portraits/1/portrait.jpg", "ruined");
        site.Write("portraits/1/private.key", "perhaps unreadable then");
        site.Write("private/key", "perhaps unreadable then");
        var inodes = Inodes(site, "portraits/1/private.key private private/key");
        site.Run("restore", snapshot.Id, "--yes").IsPartial(site.InStorage("portraits/1/private.key"), $"{site.InStorage("private")}: was left as it is");
        Assert.Equal(inodes, Inodes(site, "portraits/1/private.key private private/key"));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));

        site.Write("portraits/1/portrait.jpg", "ruined");
        site.Run("restore", snapshot.Id, "--path", "storage/portraits/1/portrait.jpg", "--yes").Succeeds();
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
    }

    /// <summary>One name in capital and in small letters: what the tree has now is known by the one that is listed.</summary>
    [Theory]
    [InlineData("exfat")]
    [InlineData("ntfs in small letters")]
    public void What_the_place_has_under_a_name_in_other_letters_stays_too(string place)
    {
        var site = new Site(withMedia: false);
        try
        {
            Command.Shell("mkdir -p Photos/Deep Private; echo saved > Photos/one; echo never > Photos/Deep/Secret.key; echo saved > plain", site.Storage);
            var user = site.BelongToOrdinaryUser();
            Command.Shell("chown 0:0 Photos/Deep/Secret.key Private; chmod 000 Photos/Deep/Secret.key Private", site.Storage);
            site.Run(["create"], before: user).IsPartial("storage/Photos/Deep/Secret.key", "storage/Private");
            Directory.Move(site.Storage, site.In("saved"));
            PoorPlace.Mount(site, "app/storage", place);
            Command.Shell("mkdir -p PHOTOS/DEEP PRIVATE; echo ruined > PHOTOS/ONE; echo mine > PHOTOS/DEEP/SECRET.KEY; echo mine > PRIVATE/X; echo ruined > PLAIN; echo since > later", site.Storage);
            var restored = site.Run("restore", site.Newest().Id, "--only", "storage", "--yes", "--rename-unfit");
            Assert.True(restored.Code == 3, restored.ToString());
            Assert.Equal("mine mine saved saved", Command.Shell("echo $(cat Private/x Photos/Deep/Secret.key Photos/one plain)", site.Storage).Output.Trim());
            Assert.False(File.Exists(site.InStorage("later")));
            Assert.Equal("ruined ruined since", Command.Shell("echo $(find .before_restore_* -type f -exec cat {} + | sort)", site.Storage).Output.Trim());
        }
        finally
        {
            site.Dispose();
            PoorPlace.Forget(site);
        }
    }

    /// <summary>Saves a site of which a file and a directory cannot be read by whoever saves it.</summary>
    private static void Close(Site site)
    {
        site.Write("portraits/1/secret.key", "never saved");
        site.Write("closed/inside", "never saved");
        var user = site.BelongToOrdinaryUser();
        Command.Shell($"{(Machine.IsRoot ? "chown -R 0:0 portraits/1/secret.key closed; " : "")}chmod 000 portraits/1/secret.key closed", site.Storage);
        site.Run(["create"], before: user).IsPartial("storage/portraits/1/secret.key", "storage/closed");
    }

    private static string Inodes(Site site, string names) => Command.Shell($"stat -c '%n %i' {names}", site.Storage).Output;
}
