using VertexAr.Backup.Core;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class WalkAheadTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly DirectorySource source;

    public WalkAheadTests()
    {
        Directory.CreateDirectory(temp["tree"]);
        source = new DirectorySource(new TreeOptions("s", temp["tree"], [], OneFileSystem: false), ForeignPlaces.None);
    }

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Yields_what_the_walk_yields()
    {
        for (var i = 0; i < 2000; i++)
        {
            temp.Write($"tree/{i % 7}/{i % 90}/{i}", "x"u8);
        }

        Directory.CreateDirectory(temp["tree/empty/emptier"]);
        var expected = source.Walk().Select(e => Convert.ToHexString(e.Path)).ToList();
        Assert.Equal(2000 + 7 + (7 * 90) + 3, expected.Count);
        Assert.Equal(expected, source.WalkAhead(CancellationToken.None).Select(e => Convert.ToHexString(e.Path)));
    }

    [Fact]
    public void Files_can_be_opened_when_the_walk_has_left_their_directory()
    {
        for (var i = 0; i < 500; i++)
        {
            temp.Write($"tree/{i:D3}/file", System.Text.Encoding.UTF8.GetBytes($"{i:D3}"));
        }

        var (opened, content) = (0, new byte[3]);
        foreach (var entry in source.WalkAhead(CancellationToken.None).Where(e => e.Status.IsRegular))
        {
            using var file = entry.Open();
            Assert.Equal(3, Posix.ReadAt(file, content, 0));
            Assert.True(entry.Path.AsSpan(2, 3).SequenceEqual(content));
            opened++;
        }

        Assert.Equal(500, opened);
        Assert.Empty(OpenDirectories());
    }

    [Fact]
    public void Holds_few_directories_open_however_small_they_are()
    {
        for (var i = 0; i < 500; i++)
        {
            temp.Write($"tree/{i:D3}/file", "x"u8);
        }

        Assert.InRange(source.WalkAhead(CancellationToken.None).Max(_ => OpenDirectories().Count), 1, 40);
    }

    [Fact]
    public void Whoever_has_enough_ends_the_walk()
    {
        var (steps, ended) = (0, false);
        Assert.Single(WalkAhead.Of(Endless(), CancellationToken.None).Take(1));
        Assert.True(ended);
        Assert.InRange(steps, 1, 100_000);

        IEnumerable<WalkStep> Endless()
        {
            try
            {
                while (true)
                {
                    steps++;
                    yield return new WalkStep(new WalkedEntry([], new WalkProblem("", IsLoss: false)));
                }
            }
            finally
            {
                ended = true;
            }
        }
    }

    [Fact]
    public void A_stop_ends_the_walk()
    {
        using var stop = new CancellationTokenSource();
        temp.Write("tree/file", "x"u8);
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (var entry in source.WalkAhead(stop.Token))
            {
                stop.Cancel();
            }
        });
    }

    [Fact]
    public void What_goes_wrong_in_the_walk_is_told_to_whoever_asked()
    {
        Directory.Delete(temp["tree"]);
        Assert.Throws<UserError>(() => source.WalkAhead(CancellationToken.None).Count());
    }

    private List<string> OpenDirectories() =>
        [.. Directory.GetFileSystemEntries("/proc/self/fd").Select(Target).Where(path => path.StartsWith(temp.Root, StringComparison.Ordinal))];

    private static string Target(string descriptor) => new FileInfo(descriptor).LinkTarget ?? "";
}
