namespace VertexAr.Backup.EndToEnd;

/// <summary>Content that a place cannot hold, and disks that fail with one file.</summary>
public sealed class UnwritableFilesTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public UnwritableFilesTests()
    {
        site.Write("large.bin", Content.Random(3_000_000, seed: 1));
        site.Write("small", "small");
        Command.Shell("truncate -s 5M hole; mkdir d; echo x > d/x", site.Storage);
        site.Create();
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_file_that_is_too_large_for_the_place_ends_the_restore_with_the_way_out()
    {
        var failed = Restore(["--to", site.In("out")], LimitOfFiles);
        failed.Fails(1, "cannot be written: File too large", "nothing was changed; restore to another file system, or the rest with --keep-going");
        Assert.False(Path.Exists(site.In("out")));
    }

    [Fact]
    public void With_keep_going_the_rest_comes_and_what_is_there_now_stays()
    {
        Restore(["--keep-going", "--to", site.In("out")], LimitOfFiles).Ends(3).Says("storage/large.bin was not restored: File too large", "storage/hole was not restored", "2 paths could not be written");
        Assert.Equal(["d", "small"], Directory.EnumerateFileSystemEntries(site.In("out/storage")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        File.WriteAllText(site.InStorage("large.bin"), "what is there now");
        File.WriteAllText(site.InStorage("small"), "changed");
        Restore(["--keep-going", "--yes"], LimitOfFiles).Ends(3).Says("storage/large.bin was not restored: File too large");
        Assert.Equal(("what is there now", "small"), (File.ReadAllText(site.InStorage("large.bin")), File.ReadAllText(site.InStorage("small"))));
    }

    [Fact]
    public void A_disk_that_fails_with_one_file_costs_only_that_one()
    {
        Machine.NeedStrace();
        string[] failing = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", site.In("out/storage/large.bin"), "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=EIO", "--"];
        Restore(["--to", site.In("out")], failing).Fails(1, "storage/large.bin", "cannot be written: Input/output error", "journalctl -k", "--keep-going");
        Assert.False(Path.Exists(site.In("out")));
        Restore(["--keep-going", "--to", site.In("out")], failing).Ends(3).Says("storage/large.bin was not restored: Input/output error");
        Assert.Equal("small", File.ReadAllText(site.In("out/storage/small")));
        Assert.False(File.Exists(site.In("out/storage/large.bin")));
    }

    /// <summary>What was made beside the tree is still on the server.</summary>
    [Fact]
    public void Where_the_server_goes_away_nothing_is_called_unchanged()
    {
        var share = site.MountFuse("share", Machine.Sshfs);
        Command.Shell("mkdir share/tree; echo kept >share/tree/kept", site.Root);
        site.TreeSettings["path"] = Path.Combine(share, "tree");
        site.Run("create", "storage", "--accept-shrink").Succeeds();
        using (var run = StoppedRun.At(site, "mkdirat", share, arguments: ["restore", "latest", "--only", "storage", "--yes"]))
        {
            Command.Shell($"pkill -KILL -f 'host:{site.In("server")}'");
            run.Continue().Fails(1, "cannot write", "nothing was replaced; what was made for it may be left");
        }

        Assert.Contains(Directory.EnumerateFileSystemEntries(site.In("server")), path => path.Contains(".restore_", StringComparison.Ordinal));
    }

    /// <summary>Where names come back otherwise than they were given, each directory is listed once more: also after a file in it was removed again.</summary>
    [Fact]
    public void With_keep_going_the_rest_comes_where_names_are_altered_too()
    {
        File.Move(site.InStorage("large.bin"), site.InStorage("LARGE.BIN"));
        Command.Shell("cp LARGE.BIN d/LARGE", site.Storage);
        site.Create();
        var place = PoorPlace.Mount(site, "stick", "ntfs in small letters");
        var restored = Restore(["--keep-going", "--json", "--to", Path.Combine(place, "out")], LimitOfFiles).Ends(3).Says("storage/LARGE.BIN was not restored: File too large");
        Assert.Equal("small", File.ReadAllText(Path.Combine(place, "out/storage/small")));
        Assert.Equal(["./d/x", "./small"], Command.Shell("find . -type f | sort", Path.Combine(place, "out/storage")).Output.Trim().Split('\n'));
        Assert.Contains($"\"bytes\":{"small".Length + "x\n".Length + new FileInfo(site.Database).Length},", restored.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\"now\":", restored.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_can_be_written_nothing_was_restored()
    {
        Machine.NeedStrace();
        string[] failing = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,ftruncate", "-e", "inject=pwrite64,ftruncate:error=EIO", "--"];
        Restore(["--keep-going", "--only", "storage", "--to", site.In("out")], failing).Ends(1).Prints("restored 0 files, 0 B");
    }

    /// <summary>The next million files would not fit either.</summary>
    [Fact]
    public void A_full_disk_ends_the_restore_in_any_case()
    {
        Machine.NeedStrace();
        string[] full = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", site.In("out/storage/large.bin"), "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC", "--"];
        Restore(["--keep-going", "--to", site.In("out")], full).Fails(1, "No space left on device", "the disk is full; nothing was changed");
        Assert.False(Path.Exists(site.In("out")));
    }

    /// <summary>Two MiB, as FAT has four GiB.</summary>
    private static string[] LimitOfFiles => ["bash", "-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "--"];

    private Result Restore(string[] words, string[] before) => site.Run(["restore", "latest", .. words], before: before);
}
