namespace VertexAr.Backup.EndToEnd;

/// <summary>Snapshots that take the place of what is there now, which is kept.</summary>
public sealed class RestoreInPlaceTests
{
    private const string Kept = ".before_restore_";

    [Fact]
    public void The_site_is_as_it_was_and_what_was_there_is_kept_beside()
    {
        using var site = new Site();
        site.Create();
        var (tree, dump) = (Tree.Describe(site.Storage), TestDatabase.Dump(site.Database));
        Ruin(site);
        var (ruinedTree, ruinedDump) = (Tree.Describe(site.Storage), TestDatabase.Dump(site.Database));

        site.Run("restore", "latest", "--yes").Succeeds().Prints(Kept);
        Tree.AssertSame(tree, Tree.Describe(site.Storage), Likeness.Restored);
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
        Tree.AssertSame(ruinedTree, Tree.Describe(KeptOf(site.Storage)), Likeness.Restored);
        Assert.Equal(ruinedDump, TestDatabase.Dump(KeptOf(site.Database)));
        Assert.Equal(2, Directory.EnumerateFileSystemEntries(site.In("app/app_data")).Count());
        Assert.Equal(3, Directory.EnumerateFileSystemEntries(site.In("app")).Count());
    }

    [Fact]
    public void Nobody_need_wait_a_second_to_restore_again()
    {
        using var site = new Site();
        site.Create();
        var file = Directory.GetFiles(site.Storage, "*", SearchOption.AllDirectories)[0];
        for (var time = 0; time < 3; time++)
        {
            site.Run("restore", "latest", "--yes").Succeeds();
            site.Run("restore", "latest", "--yes", "--path", file).Succeeds();
        }

        Assert.Equal(3, Directory.GetDirectories(site.In("app"), "*" + Kept + "*").Length);
    }

    [Fact]
    public void A_site_that_is_gone_comes_back_to_its_place()
    {
        using var site = new Site();
        site.Create();
        var tree = Tree.Describe(site.Storage);
        Directory.Delete(site.Storage, recursive: true);
        File.Delete(site.Database);
        site.Run("restore", "latest", "--yes").Succeeds();
        Tree.AssertSame(tree, Tree.Describe(site.Storage), Likeness.Restored);
        TestDatabase.CheckCopy(site.Database);
    }

    [Fact]
    public void A_log_that_a_crash_left_is_not_replayed_into_the_restored_database()
    {
        using var site = new Site();
        site.Create("database");
        var dump = TestDatabase.Dump(site.Database);
        using (var database = site.OpenDatabase())
        {
            database.Execute("UPDATE account SET note = 'after the snapshot'");
            Command.Shell("cp app_data.db-wal crash-wal; cp app_data.db-shm crash-shm; cp app_data.db crash", site.In("app/app_data"));
        }

        Command.Shell("mv crash app_data.db; mv crash-wal app_data.db-wal; mv crash-shm app_data.db-shm", site.In("app/app_data"));
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
        Assert.Contains("after the snapshot", TestDatabase.Dump(KeptOf(site.Database)), StringComparison.Ordinal);
    }

    [Fact]
    public void While_a_process_has_the_database_open_it_is_refused_and_named()
    {
        using var site = new Site();
        site.Create();
        var before = Tree.Describe(site.In("app")).Where(e => !e.Path.Contains("-shm", StringComparison.Ordinal));
        using (site.OpenDatabase())
        {
            before = Tree.Describe(site.In("app"));
            site.Run("restore", "latest", "--yes").Fails(1, site.Database, "in use by", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
            site.Run("restore", "latest", "--dry-run").Succeeds().Says(site.Database, "in use by", "until it is stopped, the restore is refused").Prints($"{site.Database} is replaced");
            Assert.Equal(before, Tree.Describe(site.In("app")));
        }

        site.Run("restore", "latest", "--yes").Succeeds();
    }

    [Fact]
    public void Without_a_terminal_and_without_yes_it_is_refused()
    {
        using var site = new Site();
        site.Create();
        var before = Tree.Describe(site.In("app"));
        site.Run("restore", "latest").Ends(2).Says("no terminal", "--yes", "--to");
        Assert.Equal(before, Tree.Describe(site.In("app")));
    }

    [Theory]
    [InlineData("n", 1)]
    [InlineData("", 1)]
    [InlineData("y", 0)]
    public void On_a_terminal_it_asks_first(string answer, int code)
    {
        using var site = new Site();
        site.Create();
        var tree = Tree.Describe(site.Storage);
        Ruin(site);
        var command = string.Join(' ', site.Arguments([Program.Binary, "restore", "latest"]));
        var result = Command.Run("bash", "-c", $"printf '{answer}\\n' | script -qec '{command}' /dev/null").Ends(code);
        result.Prints(site.Storage, Kept, "Go on?");
        Assert.Equal(code == 0, Directory.EnumerateFileSystemEntries(site.In("app"), $"*{Kept}*").Any());
        if (code == 0)
        {
            Tree.AssertSame(tree, Tree.Describe(site.Storage), Likeness.Restored);
        }
    }

    [Fact]
    public void A_restore_that_fails_leaves_everything_as_it_was()
    {
        using var site = new Site();
        site.Create();
        Ruin(site);
        var before = Tree.Describe(site.In("app"));
        var pack = site.Packs().MaxBy(p => new FileInfo(p).Length)!;
        Damage.FlipByte(pack, new FileInfo(pack).Length / 2);
        site.Run("restore", "latest", "--yes").Fails(1, "nothing was changed");
        Tree.AssertSame(before, Tree.Describe(site.In("app")), Likeness.Restored & ~Likeness.TimesOfOthers);
    }

    [Fact]
    public void Single_files_come_back_and_everything_else_stays()
    {
        using var site = new Site();
        site.Create();
        var tree = Tree.Describe(site.Storage);
        File.Delete(site.InStorage("portraits/1/portrait.jpg"));
        site.Write("portraits/2/portrait.jpg", "ruined");
        site.Write("portraits/2/new.jpg", "new");
        site.Run("restore", "latest", "--path", "/storage/portraits/[12]/portrait.jpg", "--yes").Succeeds();
        var now = Tree.Describe(site.Storage);
        Tree.AssertSame(
            tree, [.. now.Where(e => !e.Path.Contains(Kept, StringComparison.Ordinal) && !e.Path.EndsWith("new.jpg", StringComparison.Ordinal))],
            Likeness.ModesOfFiles | Likeness.ModesOfDirectories | Likeness.TimesOfFiles | Likeness.Owners);
        Assert.Equal("new", File.ReadAllText(site.InStorage("portraits/2/new.jpg")));
        Assert.Contains(now, e => e.Path.StartsWith($"portraits/2/portrait.jpg{Kept}", StringComparison.Ordinal) && e.Size == 6);
    }

    [Fact]
    public void What_several_files_replace_is_kept_in_one_place()
    {
        using var site = new Site();
        site.Create();
        var tree = Tree.Describe(site.Storage);
        foreach (var name in new[] { "portraits/1/portrait.jpg", "portraits/2/portrait.jpg", "nft_markers/3.fset" })
        {
            site.Write(name, "ruined");
        }

        site.Write("portraits/2/new.jpg", "new");
        var result = site.Run("restore", "latest", "--path", "/storage/portraits", "--path", "storage/nft_markers/3.fset", "--yes").Succeeds();
        var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage" + Kept + "*"));
        result.Prints($"what was there before is kept as {kept}");
        Tree.AssertSame(
            tree, [.. Tree.Describe(site.Storage).Where(e => !e.Path.EndsWith("new.jpg", StringComparison.Ordinal))],
            Likeness.ModesOfFiles | Likeness.ModesOfDirectories | Likeness.TimesOfFiles | Likeness.Owners);
        Assert.Equal(
            ["nft_markers/3.fset", .. Enumerable.Range(0, 6).Select(i => $"portraits/{i}/portrait.jpg")],
            Tree.Describe(kept).Select(e => e.Path).Where(path => Path.HasExtension(path)));
        Assert.Equal("ruined", File.ReadAllText(Path.Combine(kept, "portraits/2/portrait.jpg")));
    }

    [Fact]
    public void A_tree_that_is_a_mount_point_is_replaced_entry_by_entry()
    {
        using var site = new Site();
        var mount = site.MountMemory("app/mounted", "size=20m");
        Command.Shell($"cp -a '{site.Storage}/.' '{mount}'");
        site.TreeSettings["path"] = mount;
        site.Create("storage");
        var tree = Tree.Describe(mount);
        Command.Shell("rm -r portraits; echo changed >videos/clip.mp4; echo new >new", mount);
        site.Run("restore", "latest", "--yes").Succeeds().Says("mount point");
        var now = Tree.Describe(mount);
        Tree.AssertSame(tree, [.. now.Where(e => !e.Path.StartsWith(Kept, StringComparison.Ordinal))], Likeness.Restored & ~Likeness.TimesOfOthers);
        Assert.Contains(now, e => e.Path.StartsWith(Kept, StringComparison.Ordinal) && e.Path.EndsWith("/new", StringComparison.Ordinal));
    }

    /// <summary>As in Go's module cache; beside a database in the tree it is moved by itself, which takes the right to write to it.</summary>
    [Fact]
    public void A_read_only_directory_changes_places_for_its_owner()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("mkdir -p module/v1; echo saved > module/v1/file; cp ../app_data/app_data.db in-tree.db; chmod 555 module/v1 module", site.Storage);
        site.Settings["databases"]!.AsArray().Add((System.Text.Json.Nodes.JsonNode)Site.Source("inner", site.InStorage("in-tree.db")));
        var before = site.BelongToOrdinaryUser();
        site.Run(["create"], before: before).Succeeds();
        Command.Shell("chmod u+w module/v1; echo changed > module/v1/file; chmod 555 module/v1", site.Storage);
        site.Run(["restore", "latest", "--only", "storage", "--yes"], before: before).Succeeds();
        Assert.Equal("saved\n", File.ReadAllText(site.InStorage("module/v1/file")));
        Assert.Equal("555 555\n", Command.Shell("stat -c %a module module/v1 | xargs", site.Storage).Output);
        Assert.Equal("555\n", Command.Shell("stat -c %a ../storage.before_restore_*/module", site.Storage).Output);
        Command.Shell("chmod -R u+w .. ", site.Storage);
    }

    [Fact]
    public void The_modes_and_owners_of_database_and_tree_are_those_of_the_snapshot()
    {
        using var site = new Site();
        Command.Shell($"chmod 640 '{site.Database}'; chmod 2775 '{site.Storage}'");
        if (Machine.IsRoot)
        {
            Command.Shell($"chown 33:33 '{site.Database}' '{site.Storage}'");
        }

        site.Create();
        var before = Facts(site);
        Ruin(site);
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(before, Facts(site));
    }

    private static string Facts(Site site) => Command.Run("stat", "-c", "%n %a %u:%g", site.Database, site.Storage).Succeeds().Output;

    private static void Ruin(Site site)
    {
        Command.Shell("rm -r portraits; echo ruined >videos/clip.mp4; mkdir more; echo more >more/file", site.Storage);
        using var database = site.OpenDatabase();
        database.Execute("DELETE FROM account WHERE id % 2 = 0");
    }

    private static string KeptOf(string path) =>
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}{Kept}*"));
}
