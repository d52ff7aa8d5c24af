namespace VertexAr.Backup.EndToEnd;

/// <summary>Restoring to file systems that have no owners, modes, times, links or names as a Unix has them: what they cannot hold never costs content.</summary>
public sealed class PoorPlacesTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public PoorPlacesTests()
    {
        site.Write("portraits/anna.jpg", "a portrait");
        site.Write("portraits/other.jpg", "another");
        Command.Shell("chmod 640 portraits/anna.jpg; ln portraits/anna.jpg poster.jpg; ln -s portraits/anna.jpg newest; touch -d '2020-01-02 03:04:05' portraits/other.jpg", site.Storage);
    }

    public void Dispose()
    {
        site.Dispose();
        PoorPlace.Forget(site);
    }

    /// <summary>SFTP sets times and owners of what a link leads to.</summary>
    [Theory]
    [InlineData("to")]
    [InlineData("in place")]
    public void What_a_link_leads_to_on_a_server_stays_as_it_is(string how)
    {
        const string target = "../../victim";
        var share = Mount("share", "sshfs");
        Command.Shell("echo not of the tree > victim; touch -d 2001-02-03 victim", site.In("server"));
        Command.Shell($"ln -s {target} away; ln -s nowhere dangling; chown -h 1234:1234 away dangling", site.Storage);
        site.Create();
        var there = Path.Combine(share, "restored/storage");
        if (how == "in place")
        {
            Command.Shell($"mkdir '{share}/restored'; mv '{site.Storage}' '{there}'; ln -s '{there}' '{site.Storage}'; echo changed > '{there}/portraits/anna.jpg'");
        }

        // Only now: mv is among the programs that change what the link leads to.
        var before = Look("victim");
        site.Run(["restore", "latest", .. how == "to" ? new[] { "--to", Path.GetDirectoryName(there)! } : ["--yes"]]).Ends(3).Says("3 files could not be given their times", "2 files could not be given back to their owners");
        Assert.Equal(before, Look("victim"));
        Assert.Equal("a portrait", File.ReadAllText(Path.Combine(there, "portraits/anna.jpg")));
        Assert.Equal(target, new FileInfo(site.In("server/restored/storage/away")).LinkTarget);
        Assert.Equal(new DateTime(2020, 1, 2, 3, 4, 5), File.GetLastWriteTime(Path.Combine(there, "portraits/other.jpg")));
    }

    [Fact]
    public void A_drill_on_a_server_is_not_failed_by_what_links_cannot_have_there()
    {
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = Mount("share", "sshfs") };
        Command.Shell("ln -s nowhere dangling", site.Storage);
        site.Create();
        site.Run("drill").Succeeds().Says("2 files could not be given their times");
    }

    /// <summary>Everything that root makes there belongs to another user at once.</summary>
    [Fact]
    public void A_share_that_gives_all_to_another_user_is_left_as_it_was()
    {
        var share = site.MountFuse("share", "mkdir -p server; bindfs -u 1000 -g 1000 \"$PWD/server\" \"$1\"");
        site.Create();

        site.Run("restore", "latest", "--to", Path.Combine(share, "new")).Fails(1, "others could change what is in it", "and copy it from there");
        Assert.Empty(Directory.EnumerateFileSystemEntries(share));
    }

    /// <summary>It fails when a file's attributes are asked for, where it should say that there are none.</summary>
    [Fact]
    public void A_place_that_tells_no_attributes_lacks_nothing_else()
    {
        var share = Mount("share", "rclone");
        Command.Shell("cp -r app/storage server/tree; mkdir server/drill; rm server/tree/newest", site.Root);
        site.TreeSettings["path"] = Path.Combine(share, "tree");
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = Path.Combine(share, "drill") };
        for (var night = 0; night < 2; night++)
        {
            Assert.DoesNotContain("warning", site.Run("create", "storage").Succeeds().Errors, StringComparison.Ordinal);
        }

        site.Run("drill").Succeeds();
    }

    /// <summary>Such a link is made on the server, and then not to be looked at.</summary>
    [Fact]
    public void A_link_that_a_share_does_not_show_costs_no_content()
    {
        Mount("share", "sshfs following links");
        Command.Shell("ln -s nowhere dangling", site.Storage);
        site.Create();

        site.Run("restore", "latest", "--to", site.In("share/restored")).Ends(3).Says("storage/dangling", "this symlink cannot be made", "storage/newest");
        Assert.Equal("a portrait", File.ReadAllText(site.In("server/restored/storage/portraits/anna.jpg")));
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = Directory.CreateDirectory(site.In("share/drill")).FullName };
        site.Run("drill").Succeeds();

        // Saved from there, it would be missing without a word.
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("server/drill")));
        File.CreateSymbolicLink(site.In("server/restored/storage/dangling"), "nowhere");
        site.TreeSettings["path"] = site.In("share/restored/storage");
        site.Run("create", "storage").IsPartial("storage/dangling: is listed, and cannot be looked at");
    }

    [Theory]
    [InlineData("ntfs", "files_without_mode")]
    [InlineData("exfat", "symlinks_not_made")]
    public void What_a_stick_cannot_hold_is_counted_and_everything_else_restored(string fileSystem, string counted)
    {
        var stick = Mount("stick", fileSystem);
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = stick };
        site.Create();
        var restored = site.Run("restore", "latest", "--json", "--to", Path.Combine(stick, "restored")).Ends(3);
        var said = System.Text.Json.Nodes.JsonNode.Parse(restored.Output.Split('\n').Single(line => line.Contains("\"restored\"", StringComparison.Ordinal)))!;
        Assert.True((long)said[counted]! > 0, restored.Output);
        foreach (var (path, content) in new[] { ("portraits/anna.jpg", "a portrait"), ("portraits/other.jpg", "another"), ("poster.jpg", "a portrait") })
        {
            Assert.Equal(content, File.ReadAllText(Path.Combine(stick, "restored/storage", path)));
        }

        site.Run("drill").Succeeds();
    }

    /// <summary>There, the answer to what cannot be is an I/O error.</summary>
    [Fact]
    public void On_a_mount_of_rclone_a_hard_link_becomes_a_file_of_its_own_and_what_it_cannot_hold_is_left_out()
    {
        Command.Shell("mkfifo fifo", site.Storage);
        var cloud = Mount("cloud", "rclone");
        site.Create();
        site.Run("restore", "latest", "--to", Path.Combine(cloud, "restored")).Ends(3).Says("1 hard link became a file of its own", "this symlink cannot be made", "this FIFO cannot be made");
        Assert.Equal(["portraits", "poster.jpg"], Directory.EnumerateFileSystemEntries(Path.Combine(cloud, "restored/storage")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("a portrait", File.ReadAllText(Path.Combine(cloud, "restored/storage/portraits/anna.jpg")));
        Assert.Equal("a portrait", File.ReadAllText(Path.Combine(cloud, "restored/storage/poster.jpg")));
    }

    /// <summary>At once: behind FUSE, what the kernel remembers of a name may be a second old.</summary>
    [Fact]
    public void Each_name_of_a_file_has_its_content()
    {
        var share = Mount("share", "bindfs");
        foreach (var number in Enumerable.Range(1, 20))
        {
            site.Write($"many/{number}", new string('x', 100_000));
            Command.Shell($"ln many/{number} many/{number}-too", site.Storage);
        }

        site.Create();
        site.Run("restore", "latest", "--to", Path.Combine(share, "restored")).Succeeds();
        Assert.All(Directory.GetFiles(Path.Combine(share, "restored/storage/many")), file => Assert.Equal(100_000, File.ReadAllText(file).Length));
    }

    /// <summary>Modes are decoration there.</summary>
    [Fact]
    public void Where_modes_may_not_be_set_all_content_comes()
    {
        var place = site.MountFuse("refusing", "mkdir server; bindfs --chmod-deny \"$PWD/server\" \"$1\"");
        site.Create();
        site.Run("restore", "latest", "--to", Path.Combine(place, "restored")).IsPartial("mode");
        Assert.Equal(File.ReadAllBytes(site.Database).Length, File.ReadAllBytes(Path.Combine(place, "restored/app_data/app_data.db")).Length);
        Assert.Equal(Names(site.Storage), Names(Path.Combine(place, "restored/storage")));
        var backups = Directory.CreateDirectory(Path.Combine(place, "backups")).FullName;
        site.Run("create", "--backup-dir", backups).Succeeds();
        site.Run("verify", "--deep", "--backup-dir", backups).Succeeds();
    }

    private static IEnumerable<string> Names(string directory) => Tree.Describe(directory).Select(entry => entry.Path);

    /// <summary>The repository's own files need neither links nor owners.</summary>
    [Theory]
    [InlineData("sshfs")]
    [InlineData("ntfs")]
    [InlineData("exfat")]
    public void Backups_on_a_stick_or_a_share_are_as_good_as_on_a_disk(string fileSystem)
    {
        var backups = Path.Combine(Mount("stick", fileSystem), "backups");
        Directory.CreateDirectory(backups);
        site.Settings["backup_dir"] = backups;
        site.Run("create").Succeeds();
        site.Write("portraits/new.jpg", "new");
        site.Run("create").Succeeds();
        site.Run("verify", "--deep").Succeeds();
        site.Run("restore", "latest", "--to", site.In("look")).Succeeds();
        Tree.AssertSame(site.Storage, site.In("look/storage"), Likeness.Restored);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(backups, "staging")));
    }

    /// <summary>A file as it is on the server.</summary>
    private string Look(string name) => Command.Shell($"stat -c '%u %g %Y %a' {name}", site.In("server")).Output;

    private string Mount(string relative, string fileSystem) => PoorPlace.Mount(site, relative, fileSystem);
}
