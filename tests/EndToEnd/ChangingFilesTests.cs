using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Files and directories that change at the very moment they are looked at, and those that cannot be read.</summary>
public sealed class ChangingFilesTests
{
    private const int Size = 3_000_000;
    private const string Name = "victim.bin";

    [Fact]
    public void A_file_that_grows_is_saved_as_long_as_it_was()
    {
        using var site = NewSite();
        Change(site, "pread64", () => File.AppendAllText(site.InStorage(Name), "more")).Succeeds();
        CheckComplete(site);
        Assert.Equal(Size, (long?)site.Newest().Files()[$"storage/{Name}"]["size"]);
        Assert.Equal(Size + 4, (long?)site.Create().Files()[$"storage/{Name}"]["size"]);
    }

    [Fact]
    public void A_file_that_another_one_is_renamed_over_is_saved_as_it_was()
    {
        using var site = NewSite();
        Change(site, "pread64", () => Command.Shell($"echo new >next; mv next {Name}", site.Storage)).Succeeds();
        CheckComplete(site);
    }

    /// <summary>As a deployment does. Whatever was removed under the walk looked as if it had never been there.</summary>
    [Theory]
    [InlineData("mv storage old; mv new storage; rm -r old")]
    [InlineData("rm -r storage; mv new storage")]
    public void A_tree_that_is_exchanged_while_it_is_read_is_partial(string exchange)
    {
        using var site = NewSite();
        Command.Shell("cp -a storage new", Path.GetDirectoryName(site.Storage)!);
        Change(site, "openat", () => Command.Shell(exchange, Path.GetDirectoryName(site.Storage)!)).IsPartial("storage", "was moved away or replaced while it was read");
    }

    /// <summary>The first bytes are being stored already when they change: it is read once for its hash, and a sample of it.</summary>
    [Theory]
    [InlineData("printf changed | dd of=victim.bin conv=notrunc status=none; echo more >>victim.bin")]
    [InlineData("printf changed | dd of=victim.bin conv=notrunc status=none")]
    [InlineData("printf changed | dd of=victim.bin conv=notrunc status=none; touch -r like victim.bin")]
    public void A_file_that_was_written_to_in_the_middle_is_named(string change)
    {
        using var site = NewSite();
        Command.Shell($"touch -r {Name} like", site.Storage);
        Change(site, "pread64", () => Command.Shell(change, site.Storage), number: 6).IsPartial($"storage/{Name}", "changed while it was read");
        Assert.Equal("partial", site.Newest().State);
    }

    /// <summary>It is read in several parts, of which some pieces are stored already.</summary>
    [Fact]
    public void A_large_file_that_grows_is_read_again_piece_by_piece()
    {
        using var site = NewSite();
        site.Settings["pack_size_mb"] = 1;
        Change(site, "pread64", () => File.AppendAllText(site.InStorage(Name), "more")).Succeeds();
        Assert.Equal(Size, (long?)site.Newest().Files()[$"storage/{Name}"]["size"]);
        Assert.Equal("complete", site.Newest().State);
    }

    /// <summary>A log of a database has to be of one moment with the file.</summary>
    [Fact]
    public void The_log_of_a_database_that_grows_is_named()
    {
        using var site = NewSite();
        Command.Shell($"sqlite3 x.db 'CREATE TABLE t(v)'; mv {Name} x.db-wal", site.Storage);
        using var run = StoppedRun.At(site, "pread64", site.InStorage("x.db-wal"));
        File.AppendAllText(site.InStorage("x.db-wal"), "more");
        run.Continue().IsPartial("storage/x.db-wal: changed while it was read", "an SQLite database in use", "under 'databases'");
    }

    [Fact]
    public void A_file_that_shrinks_is_saved_with_zeros_at_its_end_and_named()
    {
        using var site = NewSite();
        Change(site, "pread64", () => Command.Shell($"truncate -s 2000000 {Name}", site.Storage)).IsPartial($"storage/{Name}", "shrank while it was read");
        var expected = Content.Random(Size, seed: 1);
        expected.AsSpan(2_000_000).Clear();
        CheckPartial(site, expected);
    }

    [Fact]
    public void A_file_that_vanishes_while_it_is_read_is_saved()
    {
        using var site = NewSite();
        Change(site, "pread64", () => File.Delete(site.InStorage(Name)));
        Assert.Equal(Content.Sha256(Content.Random(Size, seed: 1)), (string?)site.Newest().Files()[$"storage/{Name}"]["sha256"]);
    }

    [Fact]
    public void A_file_that_vanishes_before_it_is_opened_was_never_there()
    {
        using var site = NewSite();
        Change(site, "statx", () => File.Delete(site.InStorage(Name))).Succeeds();
        Assert.DoesNotContain($"storage/{Name}", site.Newest().Files().Keys);
        Assert.Empty(site.Newest().Warnings);
    }

    [Fact]
    public void A_symlink_swapped_in_for_a_file_is_not_followed()
    {
        using var site = NewSite();
        var secret = Content.Text(5000, seed: 4);
        File.WriteAllBytes(site.In("secret"), secret);
        Change(site, "statx", () => Command.Shell($"rm {Name}; ln -s '{site.In("secret")}' {Name}", site.Storage)).IsPartial($"storage/{Name}");
        Assert.DoesNotContain(site.Newest().Files().Values, file => (string?)file["sha256"] == Content.Sha256(secret));
    }

    [Fact]
    public void A_fifo_swapped_in_for_a_file_does_not_hang_the_run()
    {
        using var site = NewSite();
        Change(site, "statx", () => Command.Shell($"rm {Name}; mkfifo {Name}", site.Storage)).IsPartial($"storage/{Name}", "FIFO");
    }

    [Fact]
    public void A_symlink_swapped_in_for_a_directory_does_not_lead_the_walk_out_of_the_tree()
    {
        using var site = NewSite();
        Directory.CreateDirectory(site.In("outside"));
        File.WriteAllText(site.In("outside/secret"), "secret");
        var directory = Directory.CreateDirectory(site.InStorage("victimdir")).FullName;
        using var run = StoppedRun.At(site, "statx", directory);
        Command.Shell($"rmdir victimdir; ln -s '{site.In("outside")}' victimdir", site.Storage);
        run.Continue().IsPartial("storage/victimdir");
        Assert.DoesNotContain(site.Newest().Files().Keys, path => path.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void A_directory_moved_elsewhere_while_inside_it_keeps_the_walk_in_the_tree()
    {
        using var site = NewSite();
        Directory.CreateDirectory(site.In("outside"));
        File.WriteAllText(site.In("outside/secret"), "secret");
        site.Write("moving/inner/file", "content");
        using var run = StoppedRun.At(site, "statx", site.InStorage("moving/inner"));
        Command.Shell("mv moving ../../outside/moved", site.Storage);
        run.Continue();
        Assert.DoesNotContain(site.Newest().Files().Keys, path => path.EndsWith("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Unreadable_files_and_directories_are_named_and_the_rest_is_saved()
    {
        using var site = NewSite();
        site.Write("closed/inside", "never seen");
        Command.Shell($"chmod 000 {Name} closed", site.Storage);
        site.Run(["create"], before: site.BelongToOrdinaryUser())
            .IsPartial($"storage/{Name}", "storage/closed", "Permission denied");
        Assert.Equal("partial", site.Newest().State);
        Assert.Equal(2, site.Newest().Warnings.Count);
        Assert.Contains("storage/videos/clip.mp4", site.Newest().Files().Keys);
        Assert.Contains("app_data/app_data.db", site.Newest().Files().Keys);
        site.Run("list").Succeeds().Prints("partial");
    }

    [Fact]
    public void A_file_system_mounted_inside_is_left_out_with_a_warning()
    {
        using var site = new Site();
        File.WriteAllText(Path.Combine(site.MountMemory("app/storage/mounted", "size=1m"), "file"), "elsewhere");
        site.Run("create").Succeeds().Says("storage/mounted", "mounted there", "one_file_system");
        Assert.Equal("complete", site.Newest().State);
        Assert.Single(site.Newest().Warnings);
        Assert.DoesNotContain("storage/mounted/file", site.Newest().Files().Keys);
        site.TreeSettings["one_file_system"] = false;
        Assert.Contains("storage/mounted/file", site.Create().Files().Keys);
        site.TreeSettings["one_file_system"] = true;
        site.TreeSettings["exclude"] = new JsonArray("/mounted");
        Assert.Empty(site.Create().Warnings);
    }

    /// <summary>With a snapshot to go by: a first run would look at everything twice.</summary>
    private static Site NewSite()
    {
        var site = new Site();
        site.Settings["workers"] = 1;
        site.Create();
        site.Write(Name, Content.Random(Size, seed: 1));
        return site;
    }

    private static Result Change(Site site, string call, Action change, int number = 1)
    {
        using var run = StoppedRun.At(site, call, site.InStorage(Name), number: number);
        change();
        return run.Continue();
    }

    private static void CheckComplete(Site site)
    {
        Assert.Equal("complete", site.Newest().State);
        Assert.Empty(site.Newest().Warnings);
        Assert.Equal(Content.Sha256(Content.Random(Size, seed: 1)), (string?)site.Newest().Files()[$"storage/{Name}"]["sha256"]);
    }

    private static void CheckPartial(Site site, byte[] victim)
    {
        var snapshot = site.Newest();
        Assert.Equal("partial", snapshot.State);
        Assert.Contains(Name, Assert.Single(snapshot.Warnings), StringComparison.Ordinal);
        Assert.Equal(Content.Sha256(victim), (string?)snapshot.Files()[$"storage/{Name}"]["sha256"]);
        Assert.Contains("storage/videos/clip.mp4", snapshot.Files().Keys);
    }
}
