namespace VertexAr.Backup.EndToEnd;

/// <summary>Surroundings that lack what every program takes for granted.</summary>
public sealed class RoughNeighbourTests
{
    [Theory]
    [InlineData("ulimit -n 48")]
    [InlineData("ulimit -v 320000")]
    [InlineData("ulimit -s 256")]
    [InlineData("cd /; umask 0; unset PATH HOME LANG TMPDIR")]
    [InlineData("exec <&-")]
    public void With_little_it_does_all_it_should(string limit)
    {
        using var site = new Site();
        DoesEverything(site, ["bash", "-c", $"{limit}; exec \"$0\" \"$@\""]);
    }

    [Theory]
    [InlineData("ulimit -n 16", "too many files are open")]
    [InlineData("ulimit -v 250000", "may use 244 MiB of memory, and needs")]
    [InlineData("ulimit -f 1000", "File too large")]
    public void With_less_it_says_what_it_lacks_and_changes_nothing(string limit, string lacking)
    {
        using var site = new Site();
        site.Create();
        var (tree, dump) = (Tree.Describe(site.Storage), TestDatabase.Dump(site.Database));
        foreach (var words in new string[][] { ["create", "--rescan"], ["restore", "latest", "--yes"], ["restore", "latest", "--to", site.In("out")] })
        {
            var result = site.Run(words, before: ["bash", "-c", $"{limit}; exec \"$0\" \"$@\""]);
            if (result.Code != 0)
            {
                Assert.Equal(1, result.Code);
                Assert.Contains(lacking, result.Errors, StringComparison.Ordinal);
                Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
            }
            else
            {
                // What was stored already need not be written again.
                Assert.Equal("create", words[0]);
            }
        }

        Assert.False(Directory.Exists(site.In("out")));
        Tree.AssertSame(tree, Tree.Describe(site.Storage), Likeness.Restored);
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
        site.Run("verify", "--deep").Succeeds();
        site.Create();
    }

    [Fact]
    public void Without_proc_it_does_all_it_should()
    {
        using var site = new Site();
        DoesEverything(site, InNamespace("mount -t tmpfs none /proc"));
    }

    [Fact]
    public void On_a_read_only_machine_it_does_all_it_should()
    {
        using var site = new Site();
        DoesEverything(site, InNamespace($"""
            mount --bind {site.Root} {site.Root}
            mount -o remount,ro,bind /
            if mountpoint -q /tmp; then mount --rbind /tmp /tmp && mount -o remount,ro,bind /tmp; fi
            ! : 2>/dev/null >/var/tmp/may-not-be
            """));
    }

    [Theory]
    [InlineData("delete", false)]
    [InlineData("wal", false)]
    [InlineData("wal", true)]
    public void A_database_on_a_read_only_mount_is_saved_whole(string journalMode, bool logIsLeft)
    {
        using var site = new Site();
        var directory = Path.GetDirectoryName(site.Database)!;
        using (var database = site.OpenDatabase())
        {
            database.Execute($"PRAGMA journal_mode = {journalMode}");
            database.Execute("UPDATE account SET note = 'the last word'");
            Command.Shell("mkdir ../copy; cp -a . ../copy/", directory);
        }

        if (logIsLeft)
        {
            Command.Shell("rm -f *; cp -a ../copy/. .; rm -f *-shm; test -s *-wal", directory);
        }

        Directory.Delete(Path.Combine(directory, "../copy"), recursive: true);
        var before = Tree.Describe(directory);
        var result = site.Run(["create", "database"], before: InNamespace($"mount --bind {directory} {directory}; mount -o remount,ro,bind {directory}"));
        if (logIsLeft)
        {
            // To read a log without its index, SQLite must be able to write; a copy without the log would be an old state.
            Assert.Equal(1, result.Code);
            Assert.Contains("app_data.db", result.Errors, StringComparison.Ordinal);
            Assert.Empty(site.Snapshots());
        }
        else
        {
            result.Succeeds();
            Assert.Contains("the last word", TestDatabase.Dump(Directory.GetFiles(site.Newest().Restored("."), "*.db", SearchOption.AllDirectories)[0]), StringComparison.Ordinal);
        }

        Assert.Equal(before.Select(entry => entry.Path), Tree.Describe(directory).Select(entry => entry.Path));
    }

    [Fact]
    public void A_database_of_no_bytes_is_one_without_tables()
    {
        using var site = new Site();
        File.WriteAllBytes(site.Database, []);
        var restored = site.Create("database");
        site.Run("restore", restored.Id, "--to", site.In("out")).Succeeds();
        Assert.Equal("", TestDatabase.Dump(Directory.GetFiles(site.In("out"), "*.db", SearchOption.AllDirectories)[0]).Replace("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCOMMIT;\n", "", StringComparison.Ordinal));
        Assert.Equal(0, new FileInfo(site.Database).Length);
    }

    private static string[] InNamespace(string preparation)
    {
        Machine.NeedRoot("mounting");
        var tried = Command.Run("unshare", "-m", "true");
        Assert.SkipWhen(tried.Code != 0, $"this machine gives no mount namespace: {tried.Errors.Trim()}");
        return ["unshare", "-m", "bash", "-ec", $"{preparation}\nexec \"$0\" \"$@\""];
    }

    private static void DoesEverything(Site site, string[] before)
    {
        string[][] all =
        [
            ["create"], ["create", "--rescan"], ["list"], ["show", "latest"], ["stats"], ["status"], ["verify", "--deep"],
            ["restore", "latest", "--to", site.In("out")], ["restore", "latest", "--yes"], ["rotate", "--max-backups", "1"],
        ];
        var tree = Tree.Describe(site.Storage);
        Assert.All(all, words => site.Run(words, before: before).Succeeds());
        Tree.AssertSame(tree, Tree.Describe(site.Storage), Likeness.Restored);
        Tree.AssertSame(tree, Tree.Describe(site.In("out/storage")), Likeness.Restored);
        TestDatabase.CheckCopy(site.Database);
        Assert.Single(site.Snapshots());
    }
}
