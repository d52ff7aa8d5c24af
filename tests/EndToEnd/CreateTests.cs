using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What a snapshot holds, and how one asks for it.</summary>
public sealed class CreateTests
{
    [Theory]
    [InlineData("full")]
    [InlineData("full", "full")]
    [InlineData("full", "--type", "full")]
    [InlineData("full", "--type=full")]
    [InlineData("database", "database")]
    [InlineData("database", "--type", "database")]
    [InlineData("storage", "storage")]
    [InlineData("storage", "--type=storage")]
    public void Each_spelling_makes_a_snapshot_of_its_type(string type, params string[] arguments)
    {
        using var site = new Site();
        var snapshot = site.Create(arguments);
        Assert.Equal(type, snapshot.Type);
        Assert.Equal("complete", snapshot.State);
        Assert.Equal(type != "storage", snapshot.Files().ContainsKey("app_data/app_data.db"));
        Assert.Equal(type != "database", snapshot.Files().ContainsKey("storage/videos/clip.mp4"));
    }

    [Fact]
    public void With_a_limit_content_is_read_no_faster()
    {
        using var site = new Site();
        site.Create("database");
        site.Settings["limit_mb_per_s"] = 2;
        var watch = System.Diagnostics.Stopwatch.StartNew();

        site.Create("storage");

        // 3 MiB, of which the first read waits for nothing.
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1), $"it took {watch.Elapsed}");
    }

    [Fact]
    public void Two_types_that_contradict_each_other_are_refused()
    {
        using var site = new Site();
        site.Run("create", "full", "--type", "database").Fails(2, "full", "database");
        Assert.Empty(site.Snapshots());
    }

    [Fact]
    public void Everything_comes_back_by_the_recovery_text_alone()
    {
        using var site = new Site();
        var recovered = site.Create().Recover();
        Tree.AssertSame(site.Storage, Path.Combine(recovered, "storage"), Likeness.Recovered);
        Assert.Equal(TestDatabase.Dump(site.Database), TestDatabase.Dump(Path.Combine(recovered, "app_data/app_data.db")));
    }

    /// <summary>With a million files each process for each of them is a quarter of an hour.</summary>
    [Fact]
    public void The_recovery_text_starts_two_processes_for_a_file()
    {
        const int files = 200;
        Machine.NeedStrace();
        using var site = new Site(withMedia: false);
        for (var i = 0; i < files; i++)
        {
            site.Write($"d/{i}", $"file {i}");
        }

        var log = site.In("strace.log");
        var recovered = site.Create().Recover("strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", log);
        Assert.Equal("file 7", File.ReadAllText(Path.Combine(recovered, "storage/d/7")));
        var processes = File.ReadLines(log).Select(line => line.Split(' ')[0]).Distinct().Count();
        Assert.True(processes < (2 * files) + 60, $"{processes} processes for {files} files");
    }

    [Fact]
    public void The_file_list_tells_type_mode_owner_size_time_and_checksum()
    {
        using var site = new Site();
        var files = site.Create().Files();
        var expected = Tree.Describe(site.Storage);
        Assert.Equal(expected.Count, files.Keys.Count(path => path == "storage" || path.StartsWith("storage/", StringComparison.Ordinal)));
        foreach (var entry in expected)
        {
            var listed = files[$"storage/{entry.Path}".TrimEnd('/')];
            Assert.Equal(Word(entry.Type), (string?)listed["type"]);
            Assert.Equal(entry.Mode.PadLeft(4, '0'), (string?)listed["mode"]);
            Assert.Equal(entry.Owner, $"{listed["uid"]}:{listed["gid"]}");
            Assert.Equal(entry.Size, (long)listed["size"]!);
            Assert.Equal(entry.Modified.TrimEnd('0'), ((string?)listed["mtime"])!.TrimEnd('0'));
            Assert.Equal(entry.Sha256, (string?)listed["sha256"] ?? "");
            Assert.Equal(entry.Target, (string?)listed["target"] ?? "");
        }
    }

    [Fact]
    public void Several_databases_and_trees_go_into_one_snapshot()
    {
        using var site = new Site();
        using (var second = new TestDatabase(site.In("second.db")))
        {
            second.Fill(rows: 50);
        }

        Directory.CreateDirectory(site.In("more/inside"));
        File.WriteAllText(site.In("more/inside/file"), "more");
        site.Settings["databases"]!.AsArray().Add((JsonNode)Site.Source("second", site.In("second.db")));
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("more", site.In("more")));

        var snapshot = site.Create();
        Assert.Equal(["app_data", "second", "more", "storage"], snapshot.Header["sources"]!.AsArray().Select(s => (string)s!["name"]!));
        var recovered = snapshot.Recover();
        Tree.AssertSame(site.In("more"), Path.Combine(recovered, "more"), Likeness.Recovered);
        Tree.AssertSame(site.Storage, Path.Combine(recovered, "storage"), Likeness.Recovered);
        TestDatabase.CheckCopy(Path.Combine(recovered, "second/second.db"));
        TestDatabase.CheckCopy(Path.Combine(recovered, "app_data/app_data.db"));
    }

    [Fact]
    public void Sources_can_be_named_by_the_environment_alone()
    {
        using var site = new Site();
        var environment = new Dictionary<string, string?>
        {
            ["BACKUP_DIR"] = site.Backups,
            ["DATABASE_PATH"] = site.Database,
            ["STORAGE_PATH"] = site.Storage,
        };
        Program.Run(["create"], environment).Succeeds();
        Assert.True(site.Newest().Files().ContainsKey("storage/videos/clip.mp4"));
    }

    [Fact]
    public void A_dry_run_stores_nothing_and_says_what_it_would_read()
    {
        using var site = new Site();
        site.Run("create", "--dry-run").Succeeds().Prints("nothing was stored");
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.Backups));
    }

    [Fact]
    public void Excluded_names_and_directories_are_left_out()
    {
        using var site = new Site();
        site.TreeSettings["exclude"] = new JsonArray("*.tmp", "cache/", "/videos/raw");
        site.Write("portraits/0/upload.tmp", "half");
        site.Write("cache/thumbnail", "made again");
        site.Write("portraits/cache/thumbnail", "made again");
        site.Write("videos/raw/take1", "raw");
        site.Write("portraits/raw/kept", "kept");
        var paths = site.Create().Files().Keys;
        Assert.DoesNotContain(paths, path => path.Contains("tmp", StringComparison.Ordinal) || path.Contains("cache", StringComparison.Ordinal));
        Assert.DoesNotContain("storage/videos/raw", paths);
        Assert.Contains("storage/portraits/raw/kept", paths);
    }

    [Fact]
    public void A_backup_directory_inside_the_tree_is_never_backed_up()
    {
        using var site = new Site();
        var inside = Directory.CreateDirectory(site.InStorage("backups")).FullName;
        site.Settings["backup_dir"] = inside;
        site.Run("create", "--no-rotate").Succeeds();
        var second = site.Run("create", "--json").Succeeds();
        Assert.DoesNotContain("storage/backups", site.Run("show", "latest", "--files").Succeeds().Output, StringComparison.Ordinal);
        Assert.Contains("\"warning_count\":0", second.Output, StringComparison.Ordinal);
    }

    private static string Word(char type) => type switch { 'd' => "directory", 'l' => "symlink", _ => "file" };
}
