using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// A tree that is gone, as after a disk was replaced, and other sources that were in it: all of it comes back by one restore, without a
/// directory having to be made by hand first.
/// </summary>
public sealed class RestoreGoneTests
{
    /// <summary>Kinds of inner sources, where each is in the tree, and what of the tree is gone.</summary>
    public static TheoryData<string, string, string> Losses
    {
        get
        {
            var losses = new TheoryData<string, string, string>();
            foreach (var kind in new[] { "database", "tree", "file" })
            {
                losses.Add(kind, "x", "");
                losses.Add(kind, "sub/x", "");
                losses.Add(kind, "cache/deep/x", "");
                losses.Add(kind, "sub/x", "sub");
                losses.Add(kind, "cache/deep/x", "cache");
            }

            return losses;
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Everything_comes_back(string kind, string place, string gone) => AssertComesBack(kind, place, gone);

    [Theory]
    [InlineData("tree", "x", "--only", "storage")]
    [InlineData("file", "sub/x", "--only", "storage")]
    [InlineData("tree", "cache/deep/x", "--only", "storage")]
    [InlineData("database", "x", "--path", "STORAGE")]
    [InlineData("tree", "sub/x", "--path", "STORAGE")]
    [InlineData("file", "x", "--path", "STORAGE")]
    public void So_does_what_is_chosen(string kind, string place, params string[] arguments) => AssertComesBack(kind, place, "", arguments);

    [Fact]
    public void Sources_within_one_another_come_back_at_once()
    {
        using var site = Nested();
        var saved = Tree.Describe(site.Storage);
        Command.Shell($"rm -r '{site.Storage}'");
        var forecast = site.Run("restore", "latest", "--dry-run").Succeeds();
        forecast.Prints($"{site.Storage} is made", $"{site.InStorage("in")} is made", $"{site.InStorage("in/in/in")} is made", $"{site.InStorage("in/file")} is made", $"{site.InStorage("app.db")} is made");
        Assert.False(Directory.Exists(site.Storage));
        site.Run("restore", "latest", "--yes").Succeeds();
        AssertAlike(saved, site.Storage);
        Assert.Equal(["app_data", "storage"], Names(site.In("app")));
        Assert.Equal("500", Rows(site));
    }

    [Fact]
    public void What_lay_on_a_disk_in_the_tree_comes_back_on_that_disk()
    {
        using var site = new Site();
        var disk = site.MountMemory("app/storage/disk", "size=20m");
        Command.Shell("mkdir -p a/b/in; echo inner >a/b/in/file; echo outer >a/file", disk);
        site.TreeSettings["one_file_system"] = false;
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("in", Path.Combine(disk, "a/b/in")));
        site.Create("storage");
        Command.Shell("rm -r a", disk);
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(("inner\n", "outer\n"), (File.ReadAllText(Path.Combine(disk, "a/b/in/file")), File.ReadAllText(Path.Combine(disk, "a/file"))));
        Assert.Equal(["a"], Names(disk));
        Command.Run("mountpoint", disk).Succeeds();
    }

    [Theory]
    [InlineData("--continue", 3)]
    [InlineData("--continue", 2)]
    [InlineData("--undo", 2)]
    [InlineData("--undo", 3)]
    public void Killed_in_the_middle_it_is_finished_or_taken_back(string end, int at)
    {
        Machine.NeedStrace();
        using var site = Nested();
        var saved = Tree.Describe(site.Storage);
        Command.Shell($"rm -r '{site.Storage}'");
        var before = Tree.Describe(site.In("app"));
        site.Run(
            ["restore", "latest", "--yes"],
            before: ["strace", "-f", "-qq", "-o", site.In("strace.log"), "-e", "trace=renameat2", "-P", site.In("app"), "-e", $"inject=renameat2:signal=KILL:when={at}+", "--"]);
        Assert.True(Directory.Exists(site.Storage) && !File.Exists(site.InStorage("in/in/in/file")), "it was not killed in the middle");
        site.Run("restore", end).Succeeds();
        if (end == "--undo")
        {
            Tree.AssertSame(before, Tree.Describe(site.In("app")), Likeness.Restored);
            site.Run("restore", "latest", "--yes").Succeeds();
        }

        AssertAlike(saved, site.Storage);
        Assert.Equal(["app_data", "storage"], Names(site.In("app")));
        Assert.Equal("500", Rows(site));
    }

    private static void AssertComesBack(string kind, string place, string gone, params string[] arguments)
    {
        using var site = With(kind, place);
        var saved = Tree.Describe(site.Storage);
        Command.Shell($"rm -r '{site.InStorage(gone)}'");
        string[] restore = ["restore", "latest", .. arguments.Select(argument => argument == "STORAGE" ? site.Storage : argument)];
        site.Run([.. restore, "--dry-run"]).Succeeds().Prints($"{site.InStorage(place)} is made");
        site.Run([.. restore, "--yes"]).Succeeds();
        AssertAlike(saved, site.Storage, hasTimes: kind != "database" && gone.Length == 0 && !place.StartsWith("cache", StringComparison.Ordinal));
        Assert.True(kind != "database" || Rows(site) == "500", "the database lost rows");
        Assert.Equal(["app_data", "storage"], Names(site.In("app")).Where(name => !name.StartsWith("storage.before_restore_", StringComparison.Ordinal)));
    }

    /// <summary>All but how a database file keeps its rows, and the times of directories in which SQLite works.</summary>
    private static void AssertAlike(IReadOnlyList<TreeEntry> saved, string storage, bool hasTimes = false)
    {
        Tree.AssertSame(Comparable(saved), Comparable(Tree.Describe(storage)), hasTimes ? Likeness.Restored : Likeness.Restored & ~Likeness.TimesOfOthers);

        static List<TreeEntry> Comparable(IReadOnlyList<TreeEntry> entries) =>
            [.. entries.Where(entry => !entry.Path.EndsWith("-wal", StringComparison.Ordinal) && !entry.Path.EndsWith("-shm", StringComparison.Ordinal))
                .Select(entry => IsDatabase(entry) ? entry with { Size = 0, Sha256 = "", Modified = "" } : entry)];

        static bool IsDatabase(TreeEntry entry) => entry.Path == "app.db" || (entry.Path.EndsWith('x') && entry.Size > 1000);
    }

    private static string Rows(Site site) =>
        Command.Run("sqlite3", site.Settings["databases"]![0]!["path"]!.GetValue<string>(), "SELECT count(*) FROM account").Succeeds().Output.Trim();

    private static string[] Names(string directory) => [.. Directory.GetFileSystemEntries(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>A site that is saved, with a source in its tree, of which a part is excluded.</summary>
    private static Site With(string kind, string place)
    {
        var site = new Site();
        site.Write("sub/other", "in the tree");
        site.TreeSettings["exclude"] = new JsonArray("/cache/");
        Directory.CreateDirectory(Path.GetDirectoryName(site.InStorage(place))!);
        AddSource(site, kind, place);
        site.Create();
        return site;
    }

    private static Site Nested()
    {
        var site = new Site();
        site.Write("in/other", "of the second tree");
        site.Write("in/in/other", "of the second tree as well");
        AddSource(site, "database", "app.db");
        AddSource(site, "tree", "in");
        AddSource(site, "tree", "in/in/in");
        AddSource(site, "file", "in/file");
        site.Create();
        return site;
    }

    private static void AddSource(Site site, string kind, string place)
    {
        var source = Site.Source(place.Replace('/', '-'), site.InStorage(place));
        switch (kind)
        {
            case "database":
                File.Copy(site.Database, site.InStorage(place));
                site.Settings["databases"] = new JsonArray(source);
                return;
            case "tree":
                site.Write($"{place}/file", "of the inner tree");
                break;
            default:
                site.Write(place, "one file");
                break;
        }

        site.Settings["storage"]!.AsArray().Add((JsonNode)source);
    }
}
