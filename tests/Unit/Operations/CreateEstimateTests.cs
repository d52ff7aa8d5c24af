using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What a run will probably write, before it writes.</summary>
public sealed class CreateEstimateTests : IDisposable
{
    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_first_run_needs_all_of_its_trees_and_each_database_twice()
    {
        site.Write("a.jpg", Site.Noise(1, 1_000_000));
        site.Sql("CREATE TABLE t(x); INSERT INTO t VALUES (randomblob(100000))");
        var database = new FileInfo(site.Database).Length;

        var need = Look(site.Plan with { Type = SnapshotType.Full });

        Assert.Equal((1_000_000, database, database), (need.Trees, need.Databases, need.Copies));
    }

    [Fact]
    public void What_is_unchanged_or_of_the_size_it_had_needs_nothing_and_what_is_new_all()
    {
        site.Write("same.jpg", Site.Noise(1, 1_000_000));
        site.Write("touched.jpg", Site.Noise(2, 500_000));
        site.Write("grown.jpg", Site.Noise(3, 10_000));
        site.Create();
        File.SetLastWriteTimeUtc(site.Temp["tree/touched.jpg"], DateTime.UtcNow.AddDays(-3));
        site.Write("grown.jpg", Site.Noise(3, 30_000));
        site.Write("new.jpg", Site.Noise(4, 7_000));

        Assert.Equal(37_000, Look(site.Plan).Trees);
    }

    [Fact]
    public void A_database_is_expected_to_change_as_much_as_the_last_time()
    {
        var name = new SourceName("app", SourceKind.Database);
        Snapshot[] all = [Snapshot(1, newBytes: 1000, stored: 500), Snapshot(2, newBytes: 30, stored: 20), Snapshot(3, newBytes: 70, stored: 20)];

        Assert.Equal([1000, 250, 30, 70], Enumerable.Range(0, 4).Select(n => CreateEstimate.Changed(all[..n], name, 1000)));
        Assert.Equal(1000, CreateEstimate.Changed(all, new SourceName("other", SourceKind.Database), 1000));
    }

    [Fact]
    public void Content_is_expected_to_compress_as_the_newest_snapshot_that_can_tell()
    {
        Snapshot[] all = [Snapshot(1, newBytes: 2 << 20, stored: 1 << 20), Snapshot(2, newBytes: 1000, stored: 1000)];
        var need = new WriteNeed(800, 200, 50, SampledRatio: 0.7);

        Assert.Equal(550, CreateEstimate.Of(site.Plan, need, all).Wanted);
        Assert.Equal(750, CreateEstimate.Of(site.Plan, need, all[1..]).Wanted);
        Assert.Equal(1050, CreateEstimate.Of(site.Plan with { CompressionLevel = 0 }, need, all).Wanted);
    }

    [Theory]
    [InlineData(true, 1.0)]
    [InlineData(false, 0.4)]
    public void Without_an_earlier_snapshot_samples_tell_how_well_content_compresses(bool noise, double ratio)
    {
        site.Write("large", noise ? Site.Noise(1, 2_000_000) : new byte[2_000_000].Select((_, i) => (byte)(i % 64)).ToArray());
        for (var i = 0; i < 50; i++)
        {
            site.Write($"small/{i}", "small"u8);
        }

        Assert.Equal(ratio, Look(site.Plan).SampledRatio, 3);
    }

    [Fact]
    public void What_is_lacking_counts_what_must_stay_free()
    {
        var estimate = CreateEstimate.Of(site.Plan, new WriteNeed(0, 0, 0, 1), []) with { Free = 5 << 20, MinFree = 2 << 20 };

        Assert.Equal(0, estimate.Missing);
        Assert.Equal(1 << 20, (estimate with { Need = new WriteNeed(4 << 20, 0, 0, 1) }).Missing);
        Assert.Equal(
            "this run would probably write 4 MiB (3 MiB of new content, 1 MiB for copies of databases while it runs), but 5 MiB are free and 2 MiB of that must stay free (min_free_mb): 1 MiB are lacking",
            (estimate with { Need = new WriteNeed(2 << 20, 1 << 20, 1 << 20, 1) }).Explanation);
    }

    [Fact]
    public void Where_there_is_space_for_far_more_than_there_is_nobody_need_look()
    {
        var plan = site.Plan with { Type = SnapshotType.Database };
        var free = Posix.Space(plan.BackupDirectory).Available;
        Snapshot[] small = [Snapshot(1, bytes: free / 20)];

        Assert.False(CreateEstimate.IsAmple(plan, []));
        Assert.True(CreateEstimate.IsAmple(plan, small));
        Assert.False(CreateEstimate.IsAmple(plan, [Snapshot(1, bytes: free / 4)]));
        Assert.True(CreateEstimate.IsAmple(plan, [Snapshot(1, bytes: free / 4, files: 1_000_000)]));
        Assert.False(CreateEstimate.IsAmple(plan with { Type = SnapshotType.Storage }, small), "a snapshot of databases says nothing of trees");
        Assert.False(CreateEstimate.IsAmple(plan with { MinFreeBytes = long.MaxValue }, small));
    }

    private WriteNeed Look(CreatePlan plan)
    {
        var stop = TestContext.Current.CancellationToken;
        return CreatePreview.Estimate(plan, site.Clock, site.Progress, stop).Need;
    }

    private static Snapshot Snapshot(int day, long newBytes = 0, long stored = 0, long bytes = 1000, long files = 1)
    {
        var time = new DateTimeOffset(2026, 11, day, 2, 0, 0, TimeSpan.Zero);
        var part = new PartFile(0, default, 0);
        var source = new SourceSummary
        {
            Name = "app",
            Kind = SourceKind.Database,
            Path = "/app.db",
            Files = files,
            Directories = 0,
            Symlinks = 0,
            Bytes = bytes,
            NewBytes = newBytes,
        };
        var id = SnapshotId.At(time);
        return new Snapshot(id, new SnapshotHeader
        {
            FormatVersion = 1,
            Requires = [],
            Id = id.ToString(),
            Type = SnapshotType.Database,
            State = SnapshotState.Complete,
            Host = "",
            Tool = "",
            StartedAt = time,
            FinishedAt = time,
            Sources = [source],
            StoredBytes = stored,
            Warnings = WarningSummary.None,
            Files = part,
            Packs = part,
        });
    }
}
