using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

/// <summary>What is remembered of runs.</summary>
public sealed class RunRecordsTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory directory = new();

    private Layout Layout => new(directory.Root);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void The_last_success_outlives_a_failure_and_the_last_failure_a_success()
    {
        RunRecords.Add(Layout, Run(RunOutcome.Success, day: 0));
        RunRecords.Add(Layout, Run(RunOutcome.Failure, day: 1) with { Error = "the disk is full" });
        var failed = RunRecords.Read(Layout, RunJob.Drill)!;
        RunRecords.Add(Layout, Run(RunOutcome.Success, day: 2));
        var mended = RunRecords.Read(Layout, RunJob.Drill)!;

        Assert.Equal((1, 0, 1), (Day(failed.Last), Day(failed.LastSuccess), Day(failed.LastFailure)));
        Assert.Equal("the disk is full", failed.LastFailure?.Error);
        Assert.Equal((2, 2, 1), (Day(mended.Last), Day(mended.LastSuccess), Day(mended.LastFailure)));
    }

    [Fact]
    public void An_interrupted_run_is_the_last_one_but_neither_success_nor_failure()
    {
        RunRecords.Add(Layout, Run(RunOutcome.Interrupted, day: 0));

        var record = RunRecords.Read(Layout, RunJob.Drill)!;

        Assert.Equal((RunOutcome.Interrupted, null, null), (record.Last.Outcome, record.LastSuccess, record.LastFailure));
    }

    [Fact]
    public void A_damaged_record_is_as_none()
    {
        RunRecords.Add(Layout, Run(RunOutcome.Success, day: 0) with { Job = RunJob.Verify });
        RunRecords.Add(Layout, Run(RunOutcome.Success, day: 0));
        File.WriteAllText(Path.Combine(Layout.Runs, "drill.json"), "{ \"last\": ");

        Assert.Null(RunRecords.Read(Layout, RunJob.Drill));
        Assert.Equal([RunJob.Verify], RunRecords.ReadAll(Layout).Keys);

        RunRecords.Add(Layout, Run(RunOutcome.Success, day: 3));
        Assert.Equal(3, Day(RunRecords.Read(Layout, RunJob.Drill)?.Last));
        Assert.Equal(2, Directory.GetFileSystemEntries(Layout.Runs).Length);
    }

    [Fact]
    public void Damage_outlives_a_failure_until_it_is_read_and_found_intact()
    {
        Add(RunOutcome.Failure, day: 0, snapshot: null, damaged: "a b c");
        Add(RunOutcome.Failure, day: 1, snapshot: "one", damaged: "d", intact: "b");
        Assert.Equal("d a c", Known());
        Add(RunOutcome.Failure, day: 2, snapshot: null, damaged: "");
        Assert.Equal("d a c", Known());
        Add(RunOutcome.Interrupted, day: 3, snapshot: null, damaged: "");
        Add(RunOutcome.Success, day: 4, snapshot: "one", damaged: "", intact: "b d");
        Assert.Equal("d a c", Known());
        Add(RunOutcome.Failure, day: 5, snapshot: "one", damaged: "a");
        Add(RunOutcome.Success, day: 6, snapshot: "one", damaged: "", intact: "a d");
        Assert.Equal("a d c", Known());
        Add(RunOutcome.Success, day: 7, snapshot: "one", damaged: "", intact: "a c d");
        Assert.Equal("", Known());
        Add(RunOutcome.Failure, day: 8, snapshot: null, damaged: "e");
        Assert.Equal("e", Known());
        Add(RunOutcome.Success, day: 9, snapshot: null, damaged: "");
        Assert.Equal("", Known());
    }

    /// <summary>What was damaged stays so, and what was written since is another file.</summary>
    [Fact]
    public void A_pack_that_was_written_anew_is_no_longer_known_as_damaged()
    {
        var (old, replaced, gone) = (Digest.Of("old"u8), Digest.Of("replaced"u8), Digest.Of("gone"u8));
        Directory.CreateDirectory(Layout.PackDirectory(old));
        Directory.CreateDirectory(Layout.PackDirectory(replaced));
        File.WriteAllText(Layout.Pack(old), "");
        File.WriteAllText(Layout.Pack(replaced), "");
        File.SetLastWriteTimeUtc(Layout.Pack(old), Start.UtcDateTime);
        File.SetLastWriteTimeUtc(Layout.Pack(replaced), Start.AddHours(1).UtcDateTime);
        Add(RunOutcome.Failure, day: 0, snapshot: null, damaged: $"{old} {replaced} {gone}");
        Add(RunOutcome.Failure, day: 1, snapshot: "one", damaged: "");

        Assert.Equal($"{old} {gone}", Known());
        var known = KnownDamage.Read(Layout);
        Assert.True(known.Is(old, Posix.StatusOrNull(Layout.Pack(old))!.Value));
        Assert.False(known.Is(replaced, Posix.StatusOrNull(Layout.Pack(replaced))!.Value));
    }

    [Fact]
    public void A_repository_that_never_ran_has_none() => Assert.Empty(RunRecords.ReadAll(Layout));

    private void Add(RunOutcome outcome, int day, string? snapshot, string damaged, string intact = "") => RunRecords.Add(Layout, Run(outcome, day) with
    {
        Job = RunJob.VerifyDeep,
        Snapshot = snapshot,
        DamagedPacks = damaged.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        IntactPacks = intact.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToHashSet(),
    });

    private string Known() => string.Join(' ', RunRecords.Read(Layout, RunJob.VerifyDeep)!.StandingFailure?.DamagedPacks ?? []);

    private static int? Day(RunReport? run) => (run?.StartedAt - Start)?.Days;

    private static RunReport Run(RunOutcome outcome, int day) => new()
    {
        Job = RunJob.Drill,
        Outcome = outcome,
        ExitCode = 0,
        Host = "host",
        Tool = "tool",
        BackupDirectory = "/b",
        StartedAt = Start.AddDays(day),
        FinishedAt = Start.AddDays(day).AddMinutes(1),
    };
}
