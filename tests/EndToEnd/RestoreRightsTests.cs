namespace VertexAr.Backup.EndToEnd;

/// <summary>What a snapshot that others could have written gives to them when root restores it: nothing that they do not have.</summary>
public sealed class RestoreRightsTests
{
    private const string Rights = """
        cp /bin/true root-program; chmod 4755 root-program
        cp /bin/true group-program; chown 0:0 group-program; chmod 2755 group-program
        cp /bin/true capable; setcap cap_chown=ep capable
        mknod disk b 7 200; mknod null c 1 3; mkfifo pipe
        chown 1:1 latest.jpg -h; chown 1:1 videos/clip.mp4; chown 1:1 previews; chmod 2775 previews
        """;

    [Theory]
    [InlineData("chown -R {0} backups", "backups belongs to nobody")]
    [InlineData("chown {0} backups/snapshots", "snapshots belongs to nobody")]
    [InlineData("chmod 777 backups/packs", "packs can be written to by everybody")]
    [InlineData("chown {0} .", "vertex-e2e-")]
    [InlineData("chgrp 1 backups; chmod g+w backups", "backups can be written to by the group daemon")]
    public void What_others_could_have_put_into_the_repository_is_dropped_with_its_number(string opening, string named)
    {
        using var site = SiteWithRights();
        Command.Shell(string.Format(null, opening, $"{Machine.OrdinaryUser}:{Machine.OrdinaryGroup}"), site.Root);
        var result = site.Run("restore", "latest", "--to", site.In("out")).Ends(3)
            .Says("dropped set-user-ID or set-group-ID of 2 files, capabilities of 1 file, 2 device nodes", named, "--keep-special");
        Assert.Single(result.Errors.Split('\n'), line => line.StartsWith("warning: ", StringComparison.Ordinal));
        AssertDropped(site.In("out/storage"));

        // In place, too; what is there now instead of a node that is not made stays.
        Command.Shell("rm root-program", site.Storage);
        site.Run("restore", "latest", "--yes").Ends(3).Says("2 device nodes");
        Assert.Equal("755 0", Stat(site.InStorage("root-program")));
        Assert.Equal("", Command.Run("getcap", site.InStorage("capable")).Output);
        Assert.Equal("644 0", Stat(site.InStorage("null")));
    }

    [Fact]
    public void They_come_back_out_of_roots_own_repository_and_when_that_is_asked_for()
    {
        using var site = SiteWithRights();
        var before = Describe(site.Storage);
        site.Run("restore", "latest", "--to", site.In("own")).Succeeds();
        Assert.Equal(before, Describe(site.In("own/storage")));
        Command.Shell($"chown -R {Machine.OrdinaryUser} backups", site.Root);
        var result = site.Run("restore", "latest", "--keep-special", "--to", site.In("asked")).Succeeds();
        Assert.DoesNotContain("dropped", result.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Describe(site.In("asked/storage")));
    }

    [Fact]
    public void What_comes_from_off_site_is_nobodys_own()
    {
        using var site = SiteWithRights();
        var place = new SecondPlace(site);
        site.Run("offsite", "push").Succeeds();
        site.Run("restore", "latest", "--from-offsite", "--to", site.In("out")).Ends(3).Says("dropped", "2 device nodes", "off-site");
        AssertDropped(site.In("out/storage"));
        site.Run("restore", "latest", "--from-offsite", "--keep-special", "--to", site.In("asked")).Succeeds();
        Assert.Equal(Describe(site.Storage), Describe(site.In("asked/storage")));
    }

    [Fact]
    public void An_old_archive_of_somebody_else_gives_no_rights()
    {
        using var site = SiteWithRights();
        Command.Shell("mkdir old; tar -C app -czf old/storage_backup_20240107_030000.tar.gz storage/root-program storage/videos", site.Root);
        site.Run("restore", site.In("old/storage_backup_20240107_030000.tar.gz"), "--to", site.In("own")).Succeeds();
        Assert.Equal("4755 0", Stat(site.In("own/storage/root-program")));
        Command.Shell($"chown {Machine.OrdinaryUser} old/*", site.Root);
        site.Run("restore", site.In("old/storage_backup_20240107_030000.tar.gz"), "--to", site.In("out")).Succeeds().Says("dropped set-user-ID or set-group-ID of 1 file");
        Assert.Equal("755 0", Stat(site.In("out/storage/root-program")));
    }

    [Theory]
    [InlineData("alice:x:1777:1777::/:/bin/sh", "bob:x:1777:1777::/:/bin/sh", "the user 'alice' (1777), who is unknown here, becomes 'bob'")]
    [InlineData("alice:x:1777:1777::/:/bin/sh", "alice:x:0:0::/:/bin/sh", "the user 'alice' (1777 in the snapshot) becomes number 0")]
    public void Who_would_get_somebody_elses_files_is_named_before_they_do(string then, string now, string named)
    {
        using var site = SiteWithRights();
        Command.Shell("chown 1777:0 videos/clip.mp4", site.Storage);
        File.WriteAllText(site.In("then"), $"root:x:0:0::/:/bin/sh\n{then}\n");
        File.WriteAllText(site.In("now"), $"root:x:0:0::/:/bin/sh\n{now}\n");
        site.Run(["create"], before: WithAccounts(site.In("then"))).Succeeds();
        var tree = Describe(site.Storage);
        string[][] ways = [["--to", site.In("out")], []];
        foreach (var way in ways)
        {
            site.Run(["restore", "latest", .. way], before: WithAccounts(site.In("now"))).Fails(2, "1 file: " + named, "--yes");
            Assert.Equal(tree, Describe(site.Storage));
            Assert.False(Directory.Exists(site.In("out")));
        }

        site.Run(["restore", "latest", "--dry-run"], before: WithAccounts(site.In("now"))).Succeeds().Says(named);
        site.Run(["restore", "latest", "--to", site.In("out"), "--yes"], before: WithAccounts(site.In("now"))).Succeeds().Says(named);
        site.Run(["restore", "latest", "--to", site.In("known")], before: WithAccounts(site.In("then"))).Succeeds();
    }

    private static string[] WithAccounts(string passwords) => ["unshare", "-m", "sh", "-c", $"set -e; mount --bind '{passwords}' /etc/passwd; exec \"$@\"", "sh"];

    private static Site SiteWithRights()
    {
        Machine.NeedRoot("device nodes");
        var site = new Site();
        Command.Shell(Rights, site.Storage);
        site.Create();
        return site;
    }

    private static void AssertDropped(string tree)
    {
        Assert.Equal("755 0", Stat(Path.Combine(tree, "root-program")));
        Assert.Equal("755 0", Stat(Path.Combine(tree, "group-program")));
        Assert.Equal("", Command.Run("getcap", Path.Combine(tree, "capable")).Output);
        Assert.False(File.Exists(Path.Combine(tree, "disk")) || File.Exists(Path.Combine(tree, "null")));
        Assert.Equal(0, Command.Run("test", "-p", Path.Combine(tree, "pipe")).Code);

        // Alone these give nobody more rights.
        Assert.Equal("2775 1", Stat(Path.Combine(tree, "previews")));
        Assert.Equal("644 1", Stat(Path.Combine(tree, "videos/clip.mp4")));
    }

    private static string Stat(string path) => Command.Run("stat", "-c", "%a %u", path).Succeeds().Output.Trim();

    private static string Describe(string tree) =>
        Command.Shell("find . ! -name . -printf '%p %y %m %U:%G %s\\n' | LC_ALL=C sort; getcap -r . | LC_ALL=C sort; stat -c '%n %t %T' -- * | LC_ALL=C sort", tree).Output;
}
