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
