using System.IO.MemoryMappedFiles;
using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What has not changed is not read again, as the kernel sees it.</summary>
public sealed class UnchangedFilesTests
{
    private static readonly string[] HeaderReads = [", 16, 0) = 16", ", 20, 0) = 20"];

    [Fact]
    public void A_second_run_reads_no_file_content()
    {
        using var site = new Site();
        Settle();
        Assert.NotEmpty(ContentReads(site));
        Assert.Empty(ContentReads(site));
        Assert.Equal(2, site.Snapshots().Count);
        Tree.AssertSame(site.Storage, Path.Combine(site.Newest().Recover(), "storage"), Likeness.Recovered);
    }

    [Fact]
    public void Only_the_file_that_changed_is_read()
    {
        using var site = new Site();
        Settle();
        site.Create();
        site.Write("portraits/3/portrait.jpg", Content.Random(40_003, seed: 77));
        Assert.All(ContentReads(site), call => Assert.Contains("portraits/3/portrait.jpg", call, StringComparison.Ordinal));
        Assert.Equal(Content.Sha256(Content.Random(40_003, seed: 77)), (string?)site.Newest().Files()["storage/portraits/3/portrait.jpg"]["sha256"]);
    }

    [Fact]
    public void A_single_file_is_not_read_again_either()
    {
        using var site = new Site();
        File.WriteAllText(site.In("app/.env"), "KEY=first");
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("env", site.In("app/.env")));
        Settle();
        Assert.Contains(ContentReads(site), call => call.Contains("app/.env>", StringComparison.Ordinal));
        Assert.Empty(ContentReads(site));
        File.WriteAllText(site.In("app/.env"), "KEY=later");
        Assert.All(ContentReads(site), call => Assert.Contains("app/.env>", call, StringComparison.Ordinal));
        Assert.Equal(Content.Sha256("KEY=later"u8.ToArray()), (string?)site.Newest().Files()["env/.env"]["sha256"]);
    }

    [Fact]
    public void A_change_that_keeps_size_and_time_stamp_is_found()
    {
        using var site = new Site();
        var path = site.Write("portraits/0/portrait.jpg", Content.Random(40_000, seed: 1));
        Settle();
        site.Create();
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, Content.Random(40_000, seed: 2));
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(Content.Sha256(Content.Random(40_000, seed: 2)), (string?)site.Create().Files()["storage/portraits/0/portrait.jpg"]["sha256"]);
    }

    /// <summary>On a disk of its own, which nobody else puts the page on while it is written twice.</summary>
    [Fact]
    public void A_page_that_is_written_again_through_a_memory_map_is_found()
    {
        Machine.NeedRoot("mounting a file system");
        Machine.NeedLoopDevices();
        using var site = new Site();
        var path = site.InStorage("mapped/data.mdb");
        Command.Shell("truncate -s 16M disk && mkfs.ext4 -q disk && mkdir app/storage/mapped && mount -o loop disk app/storage/mapped && truncate -s 8K app/storage/mapped/data.mdb", site.Root);
        try
        {
            site.Settings["storage"]![0]!["one_file_system"] = false;
            using (var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open))
            using (var view = file.CreateViewAccessor())
            {
                view.Write(0, 'a');
                Settle();
                site.Create();
                view.Write(0, 'b');
                Assert.Equal((byte)'b', File.ReadAllBytes(Path.Combine(site.Create().Restored("storage"), "mapped/data.mdb"))[0]);
            }
        }
        finally
        {
            Command.Run("umount", site.InStorage("mapped"));
        }
    }

    /// <summary>Behind sshfs a file has another inode number after each mount, and its mtime for a change time.</summary>
    [Fact]
    public void Where_inode_numbers_are_made_up_a_remount_reads_nothing_and_each_file_has_its_day()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("mkdir -p server; for i in $(seq 60); do echo content $i > server/$i; done; touch -d 2020-01-02 server/*", site.Root);
        var share = site.MountFuse("share", Machine.Sshfs);
        site.Settings["storage"]![0]!["path"] = share;
        site.Settings["rescan_days"] = 10;
        var start = new DateTimeOffset(DateTime.UtcNow.Date.AddDays(1).AddHours(2), TimeSpan.Zero);
        Night(0).Says("(fuse.sshfs) may give a file another inode number", "'rescan_days'");
        Command.Shell("umount share; for i in 3 7 20; do stat -c %i share; done > /dev/null", site.Root);
        site.MountFuse("share", Machine.Sshfs);
        Command.Shell("ls -U share | tac | xargs -I@ stat -c %i share/@ > /dev/null", site.Root);
        Assert.Equal(0, ToRead(0));

        Assert.Equal(60, Enumerable.Range(1, 10).Sum(night =>
        {
            var due = ToRead(night);
            Night(night);
            return due is > 0 and < 20 ? due : throw new Xunit.Sdk.XunitException($"{due} files in night {night}");
        }));

        // As no program should: the same size and time.
        Command.Shell("for i in $(seq 60); do echo CONTENT $i > server/$i; done; touch -d 2020-01-02 server/*", site.Root);
        Assert.Equal(0, ToRead(10));
        Array.ForEach([.. Enumerable.Range(11, 10)], night => Night(night));
        Assert.All(Directory.GetFiles(site.Newest().Restored("storage")), file => Assert.StartsWith("CONTENT", File.ReadAllText(file), StringComparison.Ordinal));
        Assert.Equal(60, ToRead(30));

        Result Night(int number) => site.Run(["create", "storage"], FakeClock.At(start.AddDays(number))).Succeeds();

        int ToRead(int number)
        {
            var said = JsonNode.Parse(site.Run(["create", "storage", "--dry-run", "--json"], FakeClock.At(start.AddDays(number).AddHours(1))).Succeeds().Output)!;
            return (int)said["files_to_read"]!;
        }
    }

    [Fact]
    public void Rescan_reads_everything_and_stores_nothing_twice()
    {
        using var site = new Site();
        Settle();
        site.Create();
        var bytes = site.PackBytes();
        Assert.NotEmpty(ContentReads(site, "--rescan"));
        Assert.Equal(bytes, site.PackBytes());
    }

    /// <summary>A file changed within the last tick of the kernel's clock is rightly read again; waits until none is that young.</summary>
    private static void Settle() => Thread.Sleep(120);

    /// <summary>
    /// Reads of file content and openings of files that one run of <c>create</c> makes below the sources. The first bytes of the
    /// database may be looked at: they tell that it is one, and whether it is in WAL mode.
    /// </summary>
    private static List<string> ContentReads(Site site, params string[] arguments)
    {
        Machine.NeedStrace();
        // A log for each thread: in one for all, a call that another thread interrupts stands in two lines.
        var logs = Directory.CreateDirectory(site.In($"strace-{Guid.NewGuid():N}")).FullName;
        string[] strace = ["strace", "-ff", "-y", "-s", "0", "-o", $"{logs}/thread", "-e", "trace=openat,read,pread64,mmap,copy_file_range,sendfile", "--"];
        site.Run(["create", "--no-rotate", .. arguments], before: strace).Succeeds();
        return [.. Directory.GetFiles(logs).SelectMany(File.ReadLines).Where(IsContentRead)];

        bool IsContentRead(string call) =>
            call.Contains($"<{site.In("app/.env")}>", StringComparison.Ordinal) || (call.Contains("openat(", StringComparison.Ordinal)
                ? call.Contains($"<{site.Storage}", StringComparison.Ordinal) && !call.Contains("O_DIRECTORY", StringComparison.Ordinal)
                : call.Contains($"<{site.Storage}/", StringComparison.Ordinal)
                    || (call.Contains($"<{site.Database}", StringComparison.Ordinal) && !HeaderReads.Any(read => call.EndsWith(read, StringComparison.Ordinal))));
    }
}
