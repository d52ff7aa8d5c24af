namespace VertexAr.Backup.EndToEnd;

/// <summary>What --path takes: names as they are printed, paths on the disk, and patterns.</summary>
public sealed class PathTests
{
    [Theory]
    [InlineData("[1].jpg", "1.jpg", "[1].jpg")]
    [InlineData("a*", "ab", "a*")]
    [InlineData(" space ", "space", " space ")]
    [InlineData("back\\slash", "backslash", "back\\slash")]
    [InlineData("line\nend", "lineend", "line\\nend")]
    [InlineData("?", "x", "?")]
    public void A_name_is_taken_as_it_is_printed(string name, string other, string printed)
    {
        using var site = new Site(withMedia: false);
        site.Write($"d/{name}", "right");
        site.Write($"d/{other}", "wrong");
        site.Create("storage");
        site.Run("show", "latest", "--files").Prints($" storage/d/{printed}\n");

        site.Run("restore", "latest", "--path", $"storage/d/{printed}", "--to", site.In("out")).Succeeds();
        Assert.Equal([site.In($"out/storage/d/{name}")], Directory.GetFiles(site.In("out"), "*", SearchOption.AllDirectories));
        site.Run("restore", "latest", "--path", $"storage/d/{printed}", "--dry-run", "--to", site.In("dry")).Prints("1 file,");

        File.WriteAllText(site.InStorage($"d/{name}"), "later");
        File.WriteAllText(site.InStorage($"d/{other}"), "later");
        site.Run("restore", "latest", "--path", site.InStorage($"d/{name}"), "--yes").Succeeds();
        Assert.Equal(("right", "later"), (File.ReadAllText(site.InStorage($"d/{name}")), File.ReadAllText(site.InStorage($"d/{other}"))));
    }

    [Fact]
    public void A_path_may_lead_through_a_link_to_the_tree()
    {
        using var site = new Site(withMedia: false);
        site.Write("a/[1].jpg", "right");
        site.Write("a/1.jpg", "wrong");
        Directory.CreateSymbolicLink(site.In("link"), site.In("app"));
        site.Create("storage");

        site.Run("restore", "latest", "--path", site.In("link/storage/a/[1].jpg"), "--to", site.In("out")).Succeeds();
        Assert.Equal([site.In("out/storage/a/[1].jpg")], Directory.GetFiles(site.In("out"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_directory_on_the_disk_takes_what_another_source_has_in_it()
    {
        using var site = new Site(withMedia: false);
        site.Write("users/bob/files/letter", "saved");
        site.Write("users/bob/name", "saved");
        site.Settings["storage"]!.AsArray().Add(Site.Source("bob", site.InStorage("users/bob/files")));
        site.Create("storage");
        site.Write("users/bob/files/letter", "ruined");
        site.Write("users/bob/name", "ruined");
        site.Run("restore", "latest", "--path", site.InStorage("users/bob"), "--yes").Succeeds().Prints("restored 2 files");
        Assert.Equal(("saved", "saved"), (File.ReadAllText(site.InStorage("users/bob/files/letter")), File.ReadAllText(site.InStorage("users/bob/name"))));

        site.Write("users/bob/files/letter", "ruined");
        site.Run("restore", "latest", "--path", "storage/users", "--yes").Succeeds();
        Assert.Equal("ruined", File.ReadAllText(site.InStorage("users/bob/files/letter")));
    }

    [Fact]
    public void One_of_several_paths_that_matches_nothing_restores_nothing()
    {
        using var site = new Site();
        site.Create();
        site.Run("restore", "latest", "--path", "storage/portraits/1", "--path", "storage/[x]", "--to", site.In("out")).Fails(1, "matches 'storage/[x]'");
        Assert.False(Directory.Exists(site.In("out")));
    }
}
