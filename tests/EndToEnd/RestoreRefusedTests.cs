using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Restores that would replace, or be lost in, a place that nobody meant.</summary>
public sealed class RestoreRefusedTests
{
    [Theory]
    [InlineData("storage", true)]
    [InlineData("database", true)]
    [InlineData("storage", false)]
    public void A_source_that_moved_is_not_restored_to_its_old_place(string kind, bool isThere)
    {
        using var site = new Site(withMedia: false);
        site.Write("f", "saved");
        site.Create();
        var moved = site.In("moved");
        if (isThere)
        {
            Command.Shell($"cp -a app '{moved}'", site.Root);
        }

        site.Settings[kind == "storage" ? "storage" : "databases"]![0]!["path"] = kind == "storage" ? $"{moved}/storage" : $"{moved}/app_data/app_data.db";
        site.Write("f", "somebody else's");
        var before = Tree.Describe(site.In("app"));
        foreach (var words in new[] { new[] { "--yes" }, ["--dry-run"] })
        {
            site.Run(["restore", "latest", "--only", kind, .. words]).Fails(1, $"the configuration has it at {moved}", "--to DIR");
        }

        Tree.AssertSame(before, Tree.Describe(site.In("app")), Likeness.Restored);
        site.Run("restore", "latest", "--only", kind, "--to", site.In("out")).Succeeds();
    }

    [Fact]
    public void One_that_is_reached_by_another_path_did_not_move()
    {
        using var site = new Site(withMedia: false);
        site.Write("f", "saved");
        site.Create("storage");
        Command.Shell("ln -s app other", site.Root);
        site.TreeSettings["path"] = site.In("other/storage");
        site.Run("restore", "latest", "--yes").Succeeds();
    }

    [Theory]
    [InlineData("staging")]
    [InlineData("packs/new")]
    [InlineData("new")]
    public void Nothing_is_restored_into_a_repository(string directory)
    {
        using var site = new Site(withMedia: false);
        site.Create("database");
        var there = site.Packs();
        site.Run("restore", "latest", "--to", Path.Combine(site.Backups, directory)).Fails(1, $"is in the backup directory {site.Backups}");
        Command.Shell($"ln -s '{site.Backups}' link", site.Root);
        site.Run("restore", "latest", "--to", site.In($"link/{directory}")).Fails(1, $"is in the backup directory {site.Backups}");
        Assert.Equal(there, site.Packs());
    }

    /// <summary>What is mounted from it would go on with the old file, in what is kept aside and deleted one day.</summary>
    [Fact]
    public void A_disk_image_in_a_tree_is_not_replaced_while_it_is_mounted()
    {
        Machine.NeedRoot("mounting a file system");
        Machine.NeedLoopDevices();
        using var site = new Site(withMedia: false);
        site.Write("f", "saved");
        Command.Shell("truncate -s 8M app/storage/disk.img; mkfs.ext4 -q app/storage/disk.img; mkdir disk", site.Root);
        site.Create();
        Command.Shell("mount -o loop app/storage/disk.img disk; echo later >disk/f", site.Root);
        try
        {
            site.Run("restore", "latest", "--only", "storage", "--yes").Fails(1, $"the disk image {site.InStorage("disk.img")} in 'storage' is in use as /dev/loop", "unmount it first");
            site.Run("restore", "latest", "--only", "storage", "--dry-run").Succeeds().Says("is in use as /dev/loop", "until it is stopped");
            site.Run("restore", "latest", "--path", "storage/f", "--yes").Succeeds();
            site.Run("restore", "latest", "--path", "storage/disk.img", "--yes").Fails(1, "is in use as /dev/loop");
        }
        finally
        {
            Command.Shell("umount disk", site.Root);
        }

        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
    }

    [Fact]
    public void A_tree_that_is_the_whole_file_system_is_said_to_have_no_place()
    {
        using var site = new Site(withMedia: false);
        var inside = Path.GetRelativePath("/", site.InStorage(""));
        var above = inside.TrimEnd('/').Split('/').Select((_, i) => string.Join('/', inside.TrimEnd('/').Split('/').Take(i + 1)));
        site.TreeSettings["path"] = "/";
        site.TreeSettings["one_file_system"] = false;
        site.TreeSettings["exclude"] = new JsonArray(["/*", .. above.SelectMany(path => new[] { $"!/{path}", $"/{path}/*" }), $"!/{inside.TrimEnd('/')}/f"]);
        site.Write("f", "saved");
        site.Run("config", "check").Succeeds().Says("is the whole file system", "--to DIR");
        var snapshot = site.Create("storage");
        site.Run("restore", snapshot.Id, "--yes").Fails(1, "'storage' is the whole file system", "--to DIR");
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Succeeds();
        Assert.Equal("saved", File.ReadAllText(Path.Combine(site.In("out/storage"), inside, "f")));
    }

    [Fact]
    public void What_had_lost_its_content_is_named_before_it_is_restored()
    {
        using var site = new Site();
        site.Create("storage");
        Command.Shell("rm -r storage/*", site.In("app"));
        site.Run("create", "storage").Ends(3);
        var id = site.Newest().Id;
        foreach (var words in new[] { new[] { "--dry-run" }, ["--yes"], ["--to", site.In("out")] })
        {
            site.Run(["restore", id, .. words]).Succeeds().Says("'storage' had lost its content");
        }
    }

    [Fact]
    public void A_mount_in_the_tree_that_is_read_only_is_named()
    {
        using var site = new Site(withMedia: false);
        Machine.NeedRoot("mounting");
        var mount = site.MountMemory("app/storage/mounted", "size=5m");
        site.TreeSettings["one_file_system"] = false;
        site.Write("mounted/f", "saved");
        site.Create("storage");
        Command.Run("mount", "-o", "remount,ro", mount).Succeeds();
        foreach (var words in new[] { "--dry-run", "--yes" })
        {
            var refused = site.Run("restore", "latest", words).Fails(1, $"{mount} is read-only", "nothing was changed");
            Assert.DoesNotContain("could not be removed", refused.Errors, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(site.In("app"), ".*"));
    }
}
