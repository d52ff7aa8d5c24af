using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Sources whose paths lead through links: what is restored is where it was, or nowhere.</summary>
public sealed class RestoreLinkTests
{
    /// <summary>Which part of the path is the link, where it leads, and what is made again when it is gone.</summary>
    [Theory]
    [InlineData("storage", "opt/media", "usb/media", "opt/media")]
    [InlineData("storage", "opt/data/media", "usb/media", "opt/data")]
    [InlineData("database", "opt/app.db", "usb/real.db", "opt/app.db")]
    [InlineData("database", "opt/data/app.db", "usb/app.db", "opt/data")]
    public void Nothing_is_restored_where_a_link_was(string kind, string path, string place, string link)
    {
        using var site = Linked(kind, path, place, link);
        var saved = Content(site, place);
        Command.Shell($"rm {link}; echo changed >{(kind == "database" ? place : place + "/f")}", site.Root);
        var changed = Content(site, place);
        foreach (var how in new[] { "--dry-run", "--yes" })
        {
            var refused = site.Run("restore", "latest", how);
            refused.Fails(1, $"was at {site.In(place)}", $"a link led from {site.In(path)}", "that link is gone", LinkCommand(site, place, link));
            Assert.False(File.Exists(site.In(path)) || Directory.Exists(site.In(path)));
            Assert.Equal(changed, Content(site, place));
        }

        Command.Shell(LinkCommand(site, place, link), site.Root);
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(saved, Content(site, place));
        Assert.NotNull(new FileInfo(site.In(link)).LinkTarget);
    }

    [Theory]
    [InlineData("storage", "mkdir")]
    [InlineData("database", "touch")]
    public void What_is_to_be_there_itself_is_made_empty_first(string kind, string make)
    {
        using var site = Linked(kind, "opt/it", "usb/it", "opt");
        Command.Shell("rm opt", site.Root);
        var own = $"mkdir -p {site.In("opt")} && {make} {site.In("opt/it")}";
        site.Run("restore", "latest", "--yes").Fails(1, own);
        Command.Shell(own, site.Root);
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(Content(site, "usb/it"), Content(site, "opt/it"));
    }

    /// <summary>The tree around it has the link, and what it led to is now there itself.</summary>
    [Fact]
    public void A_link_that_became_a_directory_is_put_next_to_it()
    {
        using var site = Linked("storage", "opt/media", "usb/media", "opt/media");
        site.Settings["storage"]!.AsArray().Add(Site.Source("around", site.In("opt")));
        site.Create();
        Command.Shell("rm opt/media; cp -a usb/media opt/media; echo changed >opt/media/f", site.Root);
        site.Run("restore", "latest", "--dry-run").Succeeds().Prints("put next to", "opt/media");
        site.Run("restore", "latest", "--yes").Ends(3).Says("opt/media", "was left as it is");
        Assert.Equal("v1", File.ReadAllText(site.In("opt/media/f")));
        Assert.Equal(site.In("usb/media"), new FileInfo(Assert.Single(Directory.GetFileSystemEntries(site.In("opt"), ".media.restore_*"))).LinkTarget);
    }

    [Fact]
    public void The_log_of_a_database_that_is_gone_is_named_as_kept()
    {
        using var site = new Site();
        site.Settings["storage"]!.AsArray().Add(Site.Source("around", site.In("app/app_data")));
        site.Create();
        Command.Shell($"rm '{site.Database}'; echo stray >'{site.Database}-wal'", site.Root);
        Assert.DoesNotContain("app_data.db-wal", site.Run("restore", "latest", "--dry-run").Succeeds().Output, StringComparison.Ordinal);
        site.Run("restore", "latest", "--yes").Succeeds().Prints("app_data.db.before_restore_", "-wal");
        TestDatabase.CheckCopy(site.Database);
    }

    /// <summary>Elsewhere in the tree something is mounted that nothing can be written to.</summary>
    [Theory]
    [InlineData("storage/portraits/1")]
    [InlineData("storage/portraits/1/portrait.jpg")]
    public void A_mount_of_which_nothing_is_chosen_may_be_read_only(string path)
    {
        using var site = new Site();
        Command.Shell("mkdir -p other app/storage/mounted; echo o >other/o", site.Root);
        site.TreeSettings["one_file_system"] = false;
        string[] mounting = ["unshare", "-m", "bash", "-ec", $"mount --bind '{site.In("other")}' '{site.InStorage("mounted")}'; mount -o remount,ro,bind '{site.InStorage("mounted")}'; exec \"$@\"", "bash"];
        Machine.NeedRoot("mounting");
        site.Run(["create"], before: mounting).Succeeds();
        site.Write("portraits/1/portrait.jpg", "changed");
        site.Run(["restore", "latest", "--yes", "--path", path], before: mounting).Succeeds();
        Assert.Equal(40_001, new FileInfo(site.InStorage("portraits/1/portrait.jpg")).Length);
        site.Run(["restore", "latest", "--yes", "--path", "storage/mounted/o"], before: mounting).Fails(1, "is read-only");
    }

    /// <summary>As a link to a new disk does.</summary>
    [Fact]
    public void A_link_that_leads_elsewhere_now_is_followed()
    {
        using var site = Linked("storage", "opt/media", "usb/media", "opt/media");
        Command.Shell($"rm opt/media; mkdir new; ln -s '{site.In("new")}/media' opt/media", site.Root);
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal("v1", File.ReadAllText(site.In("new/media/f")));
    }

    [Theory]
    [InlineData("databases")]
    [InlineData("storage")]
    public void What_is_named_twice_is_refused(string key)
    {
        using var site = new Site();
        var (first, second) = (site.Settings[key]![0]!["path"]!.GetValue<string>(), site.In("second"));
        Command.Shell($"cp -a '{first}' second", site.Root);
        site.Settings[key]!.AsArray().Add(Site.Source("again", second));
        site.Create();
        Command.Shell($"rm -r second; ln -s '{first}' second", site.Root);
        site.Run("create").Fails(2, "'again'", "is the same as", "remove one of them");
        site.Run("restore", "latest", "--yes").Fails(1, "both belong at", first, "choose one of them");
        site.Run("restore", "latest", "--yes", "--path", "again").Succeeds();
    }

    [Fact]
    public void A_mount_point_comes_back_as_an_empty_directory()
    {
        using var site = new Site();
        var mounted = site.MountMemory("app/storage/uploads", "size=1m,mode=0750,uid=1234,gid=1234");
        File.WriteAllText(Path.Combine(mounted, "file"), "elsewhere");
        site.Create("storage");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal("elsewhere", File.ReadAllText(Path.Combine(mounted, "file")));
        Command.Shell($"umount '{mounted}'; rm -r '{site.Storage}'");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal("750 1234 1234", Command.Shell($"stat -c '%a %u %g' '{mounted}'").Output.Trim());
        Assert.Empty(Directory.GetFileSystemEntries(mounted));
        Command.Shell($"echo written >'{mounted}/by-the-application'; rm -r '{site.InStorage("portraits")}'");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal("written\n", File.ReadAllText(Path.Combine(mounted, "by-the-application")));
    }

    private static string LinkCommand(Site site, string place, string link)
    {
        var target = link.EndsWith("data", StringComparison.Ordinal) ? Path.GetDirectoryName(place)! : place;
        return $"ln -s {site.In(target)} {site.In(link)}";
    }

    private static Site Linked(string kind, string path, string place, string link)
    {
        Machine.NeedRoot("following links that others could make");
        var site = new Site(withMedia: false);
        var target = Path.GetFileName(path) == Path.GetFileName(place) && link != path ? Path.GetDirectoryName(place)! : place;
        var make = kind == "database" ? $"sqlite3 '{site.In(place)}' \"create table t(x); insert into t values('v1')\"" : $"mkdir '{site.In(place)}'; printf v1 >'{site.In(place)}/f'";
        Command.Shell($"mkdir -p usb {(link == "opt" ? "" : "opt")}; {make}; ln -s '{site.In(target)}' '{site.In(link)}'", site.Root);
        var source = Site.Source("it", site.In(path));
        site.Settings["databases"] = kind == "database" ? new JsonArray(source) : new JsonArray();
        site.Settings["storage"] = kind == "database" ? new JsonArray() : new JsonArray(source);
        site.Create();
        return site;
    }

    private static string Content(Site site, string place) =>
        Directory.Exists(site.In(place)) ? File.ReadAllText(site.In(place + "/f")) : Convert.ToHexString([.. File.ReadAllBytes(site.In(place)).Skip(100)]);
}
