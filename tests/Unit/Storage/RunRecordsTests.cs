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
    public void A_repository_that_never_ran_has_none() => Assert.Empty(RunRecords.ReadAll(Layout));

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
