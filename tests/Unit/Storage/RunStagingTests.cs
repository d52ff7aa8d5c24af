using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class RunStagingTests : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly PackRegistry packs = new();
    private readonly PackInfo pack;
    private readonly string directory;

    public RunStagingTests()
    {
        pack = repository.AddPack("x");
        directory = Path.Combine(repository.Layout.Staging, TestRepository.First.ToString());
    }

    private string List => Path.Combine(directory, "files.jsonl.gz");

    private string Checkpoints => Path.Combine(directory, "checkpoints.jsonl");

    public void Dispose() => repository.Dispose();

    [Fact]
    public void What_was_listed_before_the_last_check_point_is_found_again()
    {
        CutOff();
        using var earlier = Adopt();
        Assert.NotNull(Find(earlier, "storage/000000"));
        Assert.NotNull(Find(earlier, "storage/000099"));
        Assert.Null(Find(earlier, "storage/000100"));
        Assert.Equal(FileTime.From(repository.Clock.GetUtcNow()), earlier!.StartedAt);
    }

    [Fact]
    public void Its_pieces_are_under_the_handles_of_the_new_run()
    {
        CutOff();
        packs.Add(pack with { Sha256 = Digest.Of("other"u8) });
        using var earlier = Adopt();
        Assert.Equal(1, Find(earlier, "storage/000000")!.Pieces[0].Pack);
        using var index = new PieceIndex(earlier!.Fill, Path.GetTempPath());
        Assert.Equal(1, index.FindOrClaim(TestRepository.Piece(0).Sha256, 1)!.Value.Pack);
    }

    [Fact]
    public void A_run_without_a_check_point_left_nothing()
    {
        RunStaging.Begin(repository.Held, TestRepository.First, repository.Clock.GetUtcNow(), [TestRepository.Tree]).Dispose();
        Assert.Null(Adopt());
    }

    [Fact]
    public void A_run_that_died_before_it_had_a_file_of_check_points_left_nothing()
    {
        CutOff();
        File.Delete(Checkpoints);
        Assert.Null(Adopt());
    }

    [Fact]
    public void A_run_that_died_before_it_said_who_it_is_left_nothing()
    {
        Directory.CreateDirectory(directory);
        Assert.Null(Adopt());
        File.WriteAllText(Path.Combine(directory, "run.json"), "{");
        Assert.Null(Adopt());
    }

    [Theory]
    [InlineData("{\"list_bytes\":99999,\"packs\":[{\"li")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"list_bytes\":99999,\"packs\":null}")]
    [InlineData("{\"list_bytes\":99999,\"packs\":[null]}")]
    [InlineData("{\"list_bytes\":99999,\"packs\":[{\"line\":-1,\"pack\":PACK}]}")]
    [InlineData("{\"list_bytes\":99999,\"packs\":[{\"line\":2147483647,\"pack\":PACK}]}")]
    [InlineData("{\"list_bytes\":-1,\"packs\":[]}")]
    public void A_check_point_that_was_being_written_is_passed_over(string line)
    {
        CutOff();
        var whole = File.ReadAllText(Checkpoints).TrimEnd('\n').Split('\n')[0];
        var start = whole.IndexOf("\"pack\":", StringComparison.Ordinal) + 7;
        File.AppendAllText(Checkpoints, line.Replace("PACK", whole[start..^3], StringComparison.Ordinal));
        using var earlier = Adopt();
        Assert.NotNull(Find(earlier, "storage/000099"));
    }

    [Fact]
    public void A_list_that_is_shorter_than_it_should_be_gives_what_it_has()
    {
        CutOff();
        using (var list = File.OpenWrite(List))
        {
            list.SetLength(list.Length / 4);
        }

        using var earlier = Adopt();
        Assert.Null(Find(earlier, "storage/000099"));
        File.Delete(List);
        using var missing = Adopt();
        Assert.Null(Find(missing, "storage/000000"));
    }

    [Fact]
    public void A_file_whose_pack_is_missing_or_of_another_size_is_not_found()
    {
        CutOff();
        var file = repository.Layout.Pack(pack.Sha256);
        File.AppendAllText(file, "x");
        using (var earlier = Adopt())
        {
            Assert.Null(Find(earlier, "storage/000000"));
        }

        File.Delete(file);
        using var gone = Adopt();
        Assert.Null(Find(gone, "storage/000000"));
    }

    [Fact]
    public void A_file_whose_pack_was_found_damaged_since_is_not_found()
    {
        CutOff();
        var now = DateTimeOffset.UtcNow.AddSeconds(1);
        RunRecords.Add(repository.Layout, new RunReport
        {
            Job = RunJob.VerifyDeep,
            Outcome = RunOutcome.Failure,
            StartedAt = now,
            FinishedAt = now,
            ExitCode = 1,
            Host = "host",
            Tool = "tool",
            BackupDirectory = repository.Layout.Root,
            DamagedPacks = [pack.Sha256.ToString()],
        });
        using var earlier = Adopt();
        Assert.Null(Find(earlier, "storage/000000"));
    }

    [Fact]
    public void A_file_whose_pack_was_not_finished_is_not_found()
    {
        var open = packs.Begin();
        CutOff(packs.UseInList(open, 1) + 1);
        using var earlier = Adopt();
        Assert.Null(Find(earlier, "storage/000000"));
    }

    [Fact]
    public void Each_pack_is_recorded_once_when_it_is_finished()
    {
        using var staging = RunStaging.Begin(repository.Held, TestRepository.First, repository.Clock.GetUtcNow(), [TestRepository.Tree]);
        staging.Record(10, [null, pack]);
        staging.Record(20, [pack with { Bytes = 7 }, pack]);
        var lines = File.ReadAllLines(Checkpoints);
        Assert.Contains("\"line\":1", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("\"line\":0", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"line\":0", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("\"line\":1", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_run_comes_first()
    {
        RunStaging.Begin(repository.Held, TestRepository.First, repository.Clock.GetUtcNow(), []).Dispose();
        RunStaging.Begin(repository.Held, TestRepository.Second, repository.Clock.GetUtcNow(), []).Dispose();
        Assert.Equal([TestRepository.Second.ToString(), TestRepository.First.ToString()], RunStaging.LeftBehind(repository.Held).Select(Path.GetFileName));
    }

    /// <summary>A run that had listed a hundred files by its last check point, and some more after it.</summary>
    private void CutOff(int line = 0)
    {
        using var staging = RunStaging.Begin(repository.Held, TestRepository.First, repository.Clock.GetUtcNow(), [TestRepository.Tree]);
        using var files = new FileListWriter(staging.List);
        for (var i = 0; i < 150; i++)
        {
            if (i == 100)
            {
                staging.Record(files.Checkpoint(), line == 0 ? [pack] : [null]);
            }

            files.Write(TestRepository.File($"storage/{i:D6}", TestRepository.Piece(line)));
        }

        files.Checkpoint();
    }

    private EarlierList? Adopt() => RunStaging.Adopt(directory, repository.Layout, packs, KnownDamage.Read(repository.Layout));

    private static FileEntry? Find(EarlierList? earlier, string path) => earlier!.Find(TestRepository.Tree, System.Text.Encoding.UTF8.GetBytes(path));
}
