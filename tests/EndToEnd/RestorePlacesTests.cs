namespace VertexAr.Backup.EndToEnd;

/// <summary>Where a restore in place goes: where the configuration has a source, and where no link of somebody else leads.</summary>
public sealed class RestorePlacesTests
{
    [Fact]
    public void A_snapshot_that_names_another_place_is_refused_with_both()
    {
        using var site = new Site();
        site.Create();
        var before = Tree.Describe(site.Root);
        var elsewhere = Directory.CreateDirectory(site.In("elsewhere")).FullName;
        site.TreeSettings["path"] = elsewhere;
        site.Run("restore", "latest", "--yes").Fails(1, $"'storage' from {site.Storage}", $"has it at {elsewhere}", "nothing was changed");
        site.TreeSettings["path"] = site.Storage;
        site.TreeSettings["name"] = "media";
        site.Run("restore", "latest", "--yes").Fails(1, $"'storage' from {site.Storage}", "names no storage 'storage'");
        site.Settings["max_backups"] = "many";
        site.Run("restore", "latest", "--yes").Fails(1, "no configuration that can be read", "config check");
        Command.Run("rmdir", elsewhere).Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.Root, "*restore_*", SearchOption.AllDirectories));
        Assert.Equal(before.Count, Tree.Describe(site.Root).Count);

        // Without a configuration, the defaults are it.
        Program.Run("restore", "latest", "--yes", "--backup-dir", site.Backups).Fails(1, "has it at /opt/vertex-ar/");
    }

    [Fact]
    public void The_same_place_by_way_of_a_link_of_our_own_is_the_same()
    {
        using var site = new Site();
        site.Create();
        Command.Shell("mv app real; ln -s real app; rm real/storage/videos/clip.mp4", site.Root);
        site.TreeSettings["path"] = site.In("real/storage");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.True(File.Exists(site.In("real/storage/videos/clip.mp4")));
        Assert.NotNull(new FileInfo(site.In("app")).LinkTarget);
    }

    [Fact]
    public void Root_restores_into_no_directory_that_others_can_turn_elsewhere()
    {
        Machine.NeedRoot("being led elsewhere");
        using var site = new Site(withMedia: false);
        site.Create();
        Command.Shell($"mkdir theirs victim; ln -s ../victim theirs/link; ln -s victim own; chown -Rh {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} theirs", site.Root);

        site.Run("restore", "latest", "--to", site.In("theirs")).Fails(1, $"the directory {site.In("theirs")} belongs to nobody", "name a new one");
        site.Run("restore", "latest", "--to", site.In("theirs/link/out")).Fails(1, $"the link {site.In("theirs/link")} leads to {site.In("victim/out")}, and belongs to nobody", "nothing was changed");
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("victim")));
        site.Run("restore", "latest", "--to", site.In("own/out")).Succeeds();
        site.Run("restore", "latest", "--to", site.In("theirs/out")).Succeeds();
    }

    [Fact]
    public void To_the_snapshots_own_places_it_goes_when_each_is_confirmed()
    {
        using var site = new Site();
        site.Create();
        var before = Tree.Describe(site.Storage);
        Command.Shell("rm -r videos", site.Storage);
        string[] bare = ["restore", "latest", "--backup-dir", site.Backups, "--as-in-snapshot", "--allow", site.In("app")];
        Program.Run([.. bare, "--yes"], null).Fails(2, "no terminal", "asks for each place");
        Program.Run([.. bare, "--to", site.In("out")], null).Fails(2, "'--to'");
        Program.Run(["restore", "latest", "--backup-dir", site.Backups, "--as-in-snapshot", "--yes"], null).Fails(2, "needs '--allow DIR'");
        Program.Run(["restore", "latest", "--backup-dir", site.Backups, "--allow", "/"], null).Fails(2, "goes with '--as-in-snapshot' only");
        Program.Run([.. bare, "--dry-run"], null).Succeeds().Prints($"{site.Storage} is replaced");

        // Each place by itself; a no to the second leaves the first as it was.
        var no = Program.RunOnTerminal("y n", [.. bare, "--yes"]);
        Assert.Equal(1, no.Code);
        Assert.Contains($"Restore 'app_data' to {site.Database}?", no.Output, StringComparison.Ordinal);
        Assert.Contains($"Restore 'storage' to {site.Storage}?", no.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(site.InStorage("videos")));
        Program.RunOnTerminal("y y", [.. bare, "--yes"]).Succeeds();
        Tree.AssertSame(before, Tree.Describe(site.Storage), Likeness.Restored);
    }

    [Fact]
    public void Outside_of_what_is_allowed_it_never_goes()
    {
        using var site = new Site();
        site.Create();
        Directory.CreateDirectory(site.In("app/stor"));
        string[] narrow = ["restore", "latest", "--backup-dir", site.Backups, "--as-in-snapshot", "--allow", Path.GetDirectoryName(site.Database)!];
        foreach (var more in new[] { site.In("app/stor"), site.InStorage("videos"), "/usr" })
        {
            var result = Program.RunOnTerminal("y y", [.. narrow, "--allow", more]);
            Assert.Equal(1, result.Code);
            Assert.Contains($"'storage' would be restored to {site.Storage}, outside of what --allow names", result.Output, StringComparison.Ordinal);
        }

        // Nor by way of a link.
        Command.Shell("mkdir outside; mv app/storage outside/; ln -s ../outside/storage app/storage", site.Root);
        Assert.Contains($"leads to {site.In("outside/storage")}, outside", Program.RunOnTerminal("y y", [.. narrow, "--allow", site.In("app")]).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mv app/storage gone; ln -s ../victim app/storage; chown -h {0} app/storage", "app/storage", "belongs to nobody")]
    [InlineData("mv app/storage gone; ln -s ../victim app/storage; chown {0} app", "app/storage", "app belongs to nobody")]
    [InlineData("mv app/storage gone; ln -s ../victim app/storage; chmod 1777 app", "app/storage", "app can be written to by everybody")]
    [InlineData("mv app gone; mkdir victim/app_data; mv gone/app_data/* victim/app_data/; ln -s victim app; mkdir victim/storage; chown -h {0} app", "app", "belongs to nobody")]
    public void Root_follows_no_link_that_others_can_turn(string preparation, string link, string reason)
    {
        Machine.NeedRoot("links of other users");
        using var site = new Site();
        var victim = site.MountMemory("victim", "size=8m");
        File.WriteAllText(Path.Combine(victim, "precious"), "root's");
        site.Create("storage");
        Command.Shell(string.Format(null, preparation, Machine.OrdinaryUser), site.Root);
        var result = site.Run("restore", "latest", "--yes").Fails(1, $"the link {site.In(link)} leads to", reason, "nothing was changed");
        Assert.DoesNotContain("before_restore", result.Output, StringComparison.Ordinal);
        Assert.Equal("root's", File.ReadAllText(Path.Combine(victim, "precious")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.Root, "*restore_*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Roots_own_link_in_roots_own_directory_is_followed()
    {
        using var site = new Site();
        site.Create();
        Command.Shell("mkdir disk; mv app/storage disk/; ln -s ../disk/storage app/storage; rm -r disk/storage/videos", site.Root);
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.True(File.Exists(site.In("disk/storage/videos/clip.mp4")));
    }

    [Theory]
    [InlineData("mv app/storage gone; ln -s ../victim app/storage")]
    [InlineData("mv app gone; mkdir victim/storage; ln -s victim app")]
    [InlineData("mv app/storage gone; mkdir app/storage")]
    public void A_place_that_somebody_exchanges_meanwhile_is_not_touched(string exchange)
    {
        using var site = new Site();
        var victim = site.MountMemory("victim", "size=64m");
        Directory.CreateDirectory(Path.Combine(victim, "mine"));
        File.WriteAllText(Path.Combine(victim, "mine/precious"), "root's");
        site.Create("storage");
        using var run = StoppedRun.At(site, "openat", site.Packs()[0], arguments: ["restore", "latest", "--yes"]);
        Command.Shell(exchange, site.Root);
        run.Continue().Ends(1).Says("nothing was changed");
        Assert.Equal("root's", File.ReadAllText(Path.Combine(victim, "mine/precious")));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(victim, "*", SearchOption.AllDirectories), path => path.Contains("restore_", StringComparison.Ordinal));
    }
}
