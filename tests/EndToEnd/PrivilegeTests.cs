namespace VertexAr.Backup.EndToEnd;

/// <summary>Who owns what the program makes, and who may read it.</summary>
public sealed class PrivilegeTests
{
    [Fact]
    public void Run_by_root_everything_belongs_to_the_owner_of_the_backup_directory()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        site.BelongToOrdinaryUser();
        site.Create();
        site.Create("database", "--max-backups", "1");
        site.Run("rotate", "--max-backups", "1").Succeeds();
        site.Run("verify", "--deep").Succeeds();
        Assert.All(Tree.Describe(site.Backups), entry => Assert.Equal($"{Machine.OrdinaryUser}:{Machine.OrdinaryGroup}", entry.Owner));
    }

    [Fact]
    public void Run_by_root_files_that_the_owner_may_not_read_are_named()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        site.BelongToOrdinaryUser();
        Command.Shell("chown 0:0 videos/clip.mp4; chmod 600 videos/clip.mp4", site.Storage);
        site.Run("create").IsPartial("storage/videos/clip.mp4", "Permission denied");
    }

    /// <summary>A home may often be searched by everybody, and listed by nobody else.</summary>
    [Fact]
    public void What_lies_below_a_directory_that_may_only_be_searched_is_restored_in_place_by_its_owner()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        site.Create();
        var saved = Tree.Describe(site.Storage);
        Command.Shell("chown 0:0 .; chmod 711 .; echo changed >app/storage/changed", site.Root);
        site.Run(["restore", "latest", "--yes"], before: before).Succeeds();
        Tree.AssertSame(saved, Tree.Describe(site.Storage), Likeness.Restored);
    }

    /// <summary>Its name can be changed by whoever owns the directory above it.</summary>
    [Fact]
    public void A_tree_whose_top_is_somebody_elses_is_restored_in_place_by_the_owner_of_the_directory_above_it()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        site.Create();
        Command.Shell("chown 0:0 app/storage; chmod 755 app/storage", site.Root);
        site.Run(["restore", "latest", "--yes", "--only", "storage"], before: before).Succeeds();
    }

    [Theory]
    [InlineData("000")]
    [InlineData("077")]
    [InlineData("777")]
    public void Nobody_else_may_look_into_the_repository_whatever_the_umask(string umask)
    {
        using var site = new Site();
        site.Run(["create"], before: ["bash", "-c", $"umask {umask}; exec \"$@\"", "bash"]).Succeeds();
        Assert.All(Tree.Describe(site.Backups).Where(entry => entry.Path.Length > 0), entry => Assert.Equal(entry.Type == 'd' ? "750" : "640", entry.Mode));
    }

    [Fact]
    public void Secrets_of_the_database_are_in_no_file_that_others_may_read()
    {
        using var site = new Site();
        Command.Shell($"chmod 755 '{site.Root}' '{site.Backups}'");
        site.Create();
        Assert.DoesNotContain(
            Tree.Describe(site.Backups), entry => entry.Type == 'f' && (Convert.ToInt32(entry.Mode, 8) & 7) != 0);
    }
}
