using System.Text;
using CsCheck;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class DirectorySourceTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly string tree;

    public DirectorySourceTests() => tree = temp.Make("tree");

    public void Dispose() => temp.Dispose();

    [Fact]
    public void The_top_comes_first_and_what_is_in_a_directory_right_after_it()
    {
        foreach (var file in new[] { "a/z", "a-b", "a b", "a/b/c", "ab", "B" })
        {
            temp.Write($"tree/{file}", "x"u8);
        }

        Assert.Equal(["s", "s/B", "s/a", "s/a/b", "s/a/b/c", "s/a/z", "s/a b", "s/a-b", "s/ab"], Walk());
    }

    [Fact]
    public void The_walk_of_any_tree_is_in_the_order_of_a_file_list()
    {
        var name = Gen.OneOfConst<byte>(1, (byte)' ', (byte)'-', (byte)'0', (byte)'a', 0x80, 0xFF).Array[1, 2];
        Gen.Select(name.Array[1, 4], Gen.Bool).Array[0, 12].Sample(
            entries =>
            {
                using var own = new TempDirectory();
                foreach (var (names, isDirectory) in entries)
                {
                    Make(own.Root, names, isDirectory);
                }

                var walked = new DirectorySource(Options(own.Root), ForeignPlaces.None).Walk().Select(e => e.Path).ToList();
                for (var i = 1; i < walked.Count; i++)
                {
                    Assert.True(PathOrder.Compare(walked[i - 1], walked[i]) < 0);
                }

                Assert.Equal(Tools.Run("find", own.Root, "-printf", ".").Output.Length, walked.Count);
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public void What_is_excluded_is_not_there_with_all_that_is_in_it()
    {
        foreach (var file in new[] { "a.tmp", "a.txt", "cache/1", "d/cache/2", "d/b.tmp", "top/1", "d/top/1" })
        {
            temp.Write($"tree/{file}", "x"u8);
        }

        Assert.Equal(["s", "s/a.txt", "s/d", "s/d/top", "s/d/top/1"], Walk("*.tmp", "cache/", "/top"));
    }

    [Fact]
    public void The_repository_is_left_out_wherever_it_lies()
    {
        temp.Write("tree/d/repository/pack", "x"u8);
        temp.Write("tree/d/file", "x"u8);
        var places = ForeignPlaces.Find([temp["tree/d/repository"]], []);
        Assert.Equal(["s", "s/d", "s/d/file"], new DirectorySource(Options(tree), places).Walk().Where(IsOwn).Select(Text));
    }

    [Fact]
    public void Links_are_entries_and_are_not_followed()
    {
        temp.Write("outside/secret", "x"u8);
        File.CreateSymbolicLink(temp["tree/link"], "../outside");
        File.CreateSymbolicLink(temp["tree/nowhere"], "nowhere");
        var links = new DirectorySource(Options(tree), ForeignPlaces.None).Walk().Skip(1).Select(e => (Text(e), e.Status.IsSymlink, Encoding.UTF8.GetString(e.ReadLink()))).ToList();
        Assert.Equal([("s/link", true, "../outside"), ("s/nowhere", true, "nowhere")], links);
    }

    [Fact]
    public void A_directory_that_becomes_a_link_leads_nowhere()
    {
        temp.Write("outside/secret", "secret"u8);
        temp.Write("tree/a", "x"u8);
        temp.Write("tree/b/1", "one"u8);
        var seen = new List<string>();
        foreach (var entry in new DirectorySource(Options(tree), ForeignPlaces.None).Walk())
        {
            seen.Add(Text(entry));
            if (seen[^1] == "s/a")
            {
                Directory.Move(temp["tree/b"], temp["moved"]);
                File.CreateSymbolicLink(temp["tree/b"], "../outside");
            }
        }

        Assert.Equal(["s", "s/a", "s/b"], seen);
    }

    [Fact]
    public void A_directory_that_is_swapped_while_the_walk_is_in_it_is_walked_to_its_end()
    {
        temp.Write("outside/1", "secret"u8);
        temp.Write("tree/b/1", "one"u8);
        temp.Write("tree/b/2", "two"u8);
        foreach (var entry in new DirectorySource(Options(tree), ForeignPlaces.None).Walk())
        {
            if (Text(entry) == "s/b")
            {
                Directory.Move(temp["tree/b"], temp["moved"]);
                File.CreateSymbolicLink(temp["tree/b"], "../outside");
            }
            else if (Text(entry) == "s/b/1")
            {
                using var file = entry.Open();
                var content = new byte[10];
                Assert.Equal("one"u8, content.AsSpan(0, Posix.ReadAt(file, content, 0)));
            }
        }
    }

    [Fact]
    public void A_file_that_becomes_a_link_is_not_opened()
    {
        temp.Write("secret", "x"u8);
        temp.Write("tree/a", "x"u8);
        foreach (var entry in new DirectorySource(Options(tree), ForeignPlaces.None).Walk().Where(e => Text(e) == "s/a"))
        {
            File.Delete(temp["tree/a"]);
            File.CreateSymbolicLink(temp["tree/a"], "../secret");
            Assert.Equal(PosixError.TooManySymlinks, Assert.Throws<PosixError>(entry.Open).Number);
        }
    }

    [Fact]
    public void What_is_deleted_meanwhile_was_never_there()
    {
        temp.Write("tree/a", "x"u8);
        temp.Write("tree/b/1", "x"u8);
        temp.Write("tree/c", "x"u8);
        var seen = new List<string>();
        foreach (var entry in new DirectorySource(Options(tree), ForeignPlaces.None).Walk())
        {
            seen.Add(Text(entry));
            if (seen[^1] == "s/a")
            {
                Directory.Delete(temp["tree/b"], recursive: true);
            }
        }

        Assert.Equal(["s", "s/a", "s/c"], seen);
    }

    /// <summary>
    /// A directory of sessions, which go by the dozen while they are saved. That one is listed and cannot be looked at is a loss where a server
    /// follows links; but of what was removed after the directory was listed for the last time, the listing tells nothing.
    /// </summary>
    [Theory]
    [InlineData("ext4", "/dev/sda1")]
    [InlineData("fuse.sshfs", "web@app:/srv")]
    public void However_many_are_deleted_meanwhile_none_of_them_is_lost(string fileSystem, string source)
    {
        var kept = new[] { "sess_00_kept", "sess_16_kept", "sess_40_kept" };
        foreach (var session in Enumerable.Range(1, 39).Select(number => $"sess_{number:d2}").Concat(kept))
        {
            temp.Write($"tree/{session}", "user|i:7;"u8);
        }

        var mounts = MountTable.Parse(["22 1 8:1 / / rw - ext4 /dev/sda1 rw", $"23 22 0:50 / {tree} rw - {fileSystem} {source} rw"]);
        var walked = new List<WalkedEntry>();
        foreach (var entry in new DirectorySource(Options(tree), ForeignPlaces.None, mounts).Walk())
        {
            walked.Add(entry);
            var (first, end) = Text(entry) switch { "s/sess_00_kept" => (1, 17), "s/sess_16_kept" => (17, 40), _ => (0, 0) };
            for (var number = first; number < end; number++)
            {
                File.Delete(temp[$"tree/sess_{number:d2}"]);
            }
        }

        Assert.Equal(kept.Select(name => $"s/{name}").Prepend("s"), walked.Select(Text));
        Assert.All(walked, entry => Assert.Null(entry.Problem));
    }

    [Fact]
    public void A_fifo_is_an_entry_and_is_not_opened()
    {
        Assert.Equal(0, Tools.Run("mkfifo", temp["tree/fifo"]).Exit);
        var entry = new DirectorySource(Options(tree), ForeignPlaces.None).Walk().Last();
        Assert.Equal(("s/fifo", null, true), (Text(entry), entry.Problem, entry.Status.IsFifo));
    }

    [Fact]
    public void A_directory_that_cannot_be_read_is_a_loss()
    {
        Assert.SkipWhen(Posix.IsRoot, "root may read everything");
        temp.Write("tree/d/1", "x"u8);
        temp.Write("tree/e", "x"u8);
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp["tree/d"]));
        foreach (var mode in new[] { 0, 0x40 })
        {
            Posix.SetMode(directory, mode);
            var walked = new DirectorySource(Options(tree), ForeignPlaces.None).Walk().ToList();
            Assert.Equal(["s", "s/d", "s/e"], walked.Select(Text));
            Assert.True(walked[1].Problem!.IsLoss);
        }

        Posix.SetMode(directory, 0x1C0);
    }

    [Fact]
    public void A_single_file_is_listed_under_the_name_that_is_configured_and_read_where_links_lead()
    {
        temp.Write("file", "content"u8);
        File.CreateSymbolicLink(temp["link"], temp["file"]);
        var options = Options(temp["link"]);
        Assert.True(options.IsFile);
        DirectorySource.Check(options);
        var seen = new List<(string Path, string Content)>();
        foreach (var entry in new DirectorySource(options, ForeignPlaces.None).Walk())
        {
            using var stream = new FileStream(entry.Open(), FileAccess.Read);
            seen.Add((Text(entry), new StreamReader(stream).ReadToEnd()));
        }

        Assert.Equal([($"{options.Name}/link", "content")], seen);
    }

    [Fact]
    public void What_was_one_file_when_the_run_began_and_is_gone_is_an_error()
    {
        temp.Write("file", "x"u8);
        var options = Options(temp["file"]);
        File.Delete(temp["file"]);
        Assert.True(options.IsFile);
        Assert.Contains("does not exist", Assert.Throws<UserError>(() => DirectorySource.Check(options)).Message, StringComparison.Ordinal);
        Assert.Throws<UserError>(() => new DirectorySource(options, ForeignPlaces.None).Walk().Count());
    }

    [Fact]
    public void A_copy_of_an_old_tree_is_never_one_file()
    {
        temp.Write("file", "x"u8);
        Assert.False((Options(temp["file"]) with { Was = new FormerSource("/old", _ => throw new InvalidOperationException()) }).IsFile);
    }

    [Fact]
    public void A_tree_that_is_missing_or_a_pipe_is_an_error()
    {
        Tools.Run("mkfifo", temp["pipe"]);
        Assert.Contains("does not exist", Assert.Throws<UserError>(() => DirectorySource.Check(Options(temp["none"]))).Message, StringComparison.Ordinal);
        Assert.Contains("neither a directory nor a file", Assert.Throws<UserError>(() => DirectorySource.Check(Options(temp["pipe"]))).Message, StringComparison.Ordinal);
        Assert.Throws<UserError>(() => new DirectorySource(Options(temp["none"]), ForeignPlaces.None).Walk().Count());
    }

    private static TreeOptions Options(string path, params string[] exclude) => new("s", path, exclude, OneFileSystem: true);

    private static bool IsOwn(WalkedEntry entry) => entry.Foreign is null;

    private static string Text(WalkedEntry entry) => Encoding.UTF8.GetString(entry.Path);

    private List<string> Walk(params string[] exclude) =>
        [.. new DirectorySource(Options(tree, exclude), ForeignPlaces.None).Walk().Where(IsOwn).Select(Text)];

    /// <summary>Makes a file or directory with the directories above it; does nothing where another entry is in the way.</summary>
    private static void Make(string root, byte[][] names, bool isDirectory)
    {
        var path = Posix.Bytes(root);
        for (var i = 0; i < names.Length; i++)
        {
            path = [.. path, (byte)'/', .. names[i]];
            try
            {
                if (isDirectory || i < names.Length - 1)
                {
                    Posix.MakeDirectory(Posix.Here, path, 0x1C0);
                }
                else
                {
                    Posix.CreateNew(Posix.Here, path, 0x180).Dispose();
                }
            }
            catch (PosixError e) when (e.Number is PosixError.Exists or PosixError.NotDirectory)
            {
                // In the way, or there already.
            }
        }
    }
}
