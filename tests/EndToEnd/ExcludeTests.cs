using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What is left out of a tree, by patterns.</summary>
public sealed class ExcludeTests
{
    [Fact]
    public void A_pattern_takes_back_in_what_an_earlier_one_left_out()
    {
        using var site = new Site();
        Exclude(site, "cache/*", "!cache/keep", "/portraits/[!0-2]/", "*.tmp", "!nft_markers/*.tmp");
        site.Write("cache/a", "a");
        site.Write("cache/keep/k", "k");
        site.Write("videos/x.tmp", "x");
        site.Write("nft_markers/y.tmp", "y");

        var files = site.Create("storage").Files();

        Assert.Equal(
            (true, true, false, true, false, false, true),
            (files.ContainsKey("storage/cache"), files.ContainsKey("storage/cache/keep/k"), files.ContainsKey("storage/cache/a"), files.ContainsKey("storage/portraits/2/portrait.jpg"),
            files.ContainsKey("storage/portraits/3"), files.ContainsKey("storage/videos/x.tmp"), files.ContainsKey("storage/nft_markers/y.tmp")));
    }

    [Theory]
    [InlineData("STORAGE/cache", "write '/cache'")]
    [InlineData("ROOT/other/cache", "outside of")]
    [InlineData("/etc/passwd", "outside of")]
    [InlineData("./cache", "write '/cache'")]
    [InlineData("../app_data", "leads out of")]
    [InlineData("*.{tmp,part}", "write '*.tmp' and '*.part'")]
    [InlineData("!cache", "write '\\!cache'")]
    [InlineData("# cache", "is a comment")]
    public void A_pattern_that_can_match_nothing_saves_nothing(string pattern, string advice)
    {
        using var site = new Site(withMedia: false);
        site.Write("cache/a", "a");
        pattern = pattern.Replace("STORAGE", site.Storage, StringComparison.Ordinal).Replace("ROOT", site.Root, StringComparison.Ordinal);
        Exclude(site, pattern);

        site.Run("config", "check").Fails(2, advice);
        site.Run("create").Fails(2, advice);
        Assert.Empty(site.Snapshots());
        Assert.False(Directory.Exists(Path.Combine(site.Backups, "snapshots")));
    }

    [Fact]
    public void A_tree_that_has_the_directory_of_an_absolute_pattern_leaves_it_out()
    {
        using var site = new Site(withMedia: false);
        site.Write("etc/ssl/a", "a");
        site.Write("etc/b", "b");
        Exclude(site, "/etc/ssl");
        Assert.Equal(["storage", "storage/etc", "storage/etc/b"], site.Create("storage").Files().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Verbose_names_patterns_that_matched_nothing()
    {
        using var site = new Site();
        Exclude(site, "*.tmp", "/portraits/1/", "portraits/1/portrait.jpg", "old/");
        site.Run("create", "storage", "--verbose").Succeeds().Says("'portraits/1/portrait.jpg', which matched nothing", "'old/', which matched nothing", "'*.tmp', which matched nothing");
        Assert.DoesNotContain("which matched nothing", site.Run("create", "storage").Succeeds().Errors, StringComparison.Ordinal);
    }

    private static void Exclude(Site site, params string[] patterns) => site.TreeSettings["exclude"] = new JsonArray([.. patterns.Select(pattern => JsonValue.Create(pattern))]);
}
