using VertexAr.Backup.Commands;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Commands;

/// <summary>Situations of a repository, and what is said of them. It is noon.</summary>
public sealed class HealthJudgementTests
{
    private const long MinFree = 1 << 20;

    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, RunRecord> runs = [];
    private readonly Dictionary<SnapshotType, SnapshotHeader> newest = [];
    private readonly List<DamagedSnapshot> damaged = [];
    private long free = 1L << 40;
    private (int Database, int Storage) allowed = (26, 26);

    public HealthJudgementTests()
    {
        Have(SnapshotType.Full, hoursAgo: 10);
        Ran(RunJob.Verify, 5);
        Ran(RunJob.Drill, 100);
    }

    [Fact]
    public void A_repository_with_a_fresh_proven_snapshot_is_healthy()
    {
        OnlyRemarks();
    }

    [Theory]
    [InlineData(26.0, true)]
    [InlineData(26.1, false)]
    [InlineData(-0.05, true)]
    [InlineData(-1, false)]
    public void The_newest_snapshot_must_be_young_and_not_of_the_future(double hoursAgo, bool healthy)
    {
        Have(SnapshotType.Full, hoursAgo);

        Assert.Equal(healthy, Judge().IsHealthy);
    }

    [Fact]
    public void What_is_too_old_is_said_once_for_both_kinds()
    {
        Have(SnapshotType.Full, hoursAgo: 72);

        Assert.Equal(["the newest snapshot of the databases and the storage was made 3 days ago; 26 hours are allowed"], Verdict().Problems);
    }

    [Fact]
    public void Without_a_snapshot_nothing_is_covered()
    {
        newest.Clear();

        Assert.Equal(["no snapshot covers the databases and the storage"], Verdict().Problems);
    }

    [Theory]
    [InlineData(1, 100, 26, 192, true)]
    [InlineData(1, 100, 26, 26, false)]
    [InlineData(30, 100, 26, 192, false)]
    public void A_weekly_storage_schedule_has_its_own_age(double database, double storage, int databaseHours, int storageHours, bool healthy)
    {
        newest.Clear();
        Have(SnapshotType.Database, database);
        Have(SnapshotType.Storage, storage);
        allowed = (databaseHours, storageHours);

        Assert.Equal(healthy, Judge().IsHealthy);
    }

    [Fact]
    public void A_full_snapshot_stands_in_for_either_kind_and_the_newer_counts()
    {
        Have(SnapshotType.Full, 60);
        Have(SnapshotType.Database, 2);

        Assert.Equal(["the newest snapshot of the storage was made 2 days ago; 26 hours are allowed"], Verdict().Problems);
    }

    [Fact]
    public void A_partial_snapshot_is_said_once_though_its_run_was_remembered_too()
    {
        var id = Have(SnapshotType.Full, 1, SnapshotState.Partial).Id;
        Ran("create-full", 1, RunOutcome.Partial, snapshot: id);

        Assert.Equal([$"the newest snapshot of the databases and the storage, {id}, is partial: 2 warnings"], Verdict().Problems);
    }

    [Fact]
    public void A_failure_is_told_with_its_reason_until_a_success()
    {
        Ran("create-full", 10);
        Ran("create-full", 2, RunOutcome.Failure, error: "the disk of /b is full");
        Assert.Equal(["'create full' failed 2 hours ago: the disk of /b is full"], Verdict().Problems);

        Ran("create-full", 1);
        Assert.Empty(Verdict().Problems);
    }

    [Theory]
    [InlineData("create-database", "create-full", true)]
    [InlineData("create-storage", "create-full", true)]
    [InlineData("verify", "verify-deep", true)]
    [InlineData("create-full", "create-database", false)]
    [InlineData("verify-deep", "verify", false)]
    [InlineData("drill", "verify-deep", false)]
    public void A_success_that_covers_more_makes_a_failure_good(string failed, string succeeded, bool good)
    {
        Ran(failed, 4, RunOutcome.Failure);
        Ran(succeeded, 3);

        Assert.Equal(good, Judge().IsHealthy);
    }

    [Fact]
    public void A_look_at_one_snapshot_does_not_make_damage_elsewhere_good()
    {
        Ran(RunJob.Verify, 4, RunOutcome.Failure, error: "1 damage found");
        Ran(RunJob.Verify, 3, snapshot: "20261123T020000Z");
        Assert.Equal(["'verify' failed 4 hours ago: 1 damage found"], Verdict().Problems);

        Ran(RunJob.Verify, 2);
        Ran(RunJob.Verify, 1, snapshot: "20261123T020000Z");
        Assert.Empty(Verdict().Problems);
    }

    [Fact]
    public void A_look_at_the_snapshot_that_was_damaged_does()
    {
        Ran(RunJob.Verify, 4, RunOutcome.Failure, snapshot: "20261123T020000Z");
        Ran(RunJob.Verify, 3, snapshot: "20261123T020000Z");

        Assert.Empty(Verdict().Problems);
    }

    [Fact]
    public void A_run_that_found_another_at_work_is_a_remark()
    {
        Ran("create-database", 2, RunOutcome.Failure, code: ExitCode.Locked);

        OnlyRemarks("'create database' could not begin 2 hours ago: another run was at work");
    }

    [Fact]
    public void So_is_one_that_was_interrupted()
    {
        Ran("create-full", 2, RunOutcome.Interrupted);

        OnlyRemarks("'create full' was interrupted 2 hours ago; the next run goes on");
    }

    [Fact]
    public void Too_little_space_is_unhealthy_and_little_a_remark()
    {
        free = MinFree - 1;
        Assert.Equal(["1 MiB are free, and 1 MiB must be: no run begins"], Verdict().Problems);

        free = MinFree + 2500;
        OnlyRemarks("the disk has room for 2 more runs, at 1000 B each");
    }

    [Fact]
    public void A_damaged_header_is_unhealthy()
    {
        damaged.Add(new DamagedSnapshot(SnapshotId.Parse("20261120T020000Z")!.Value, "is cut short"));

        Assert.Equal(["the header of snapshot 20261120T020000Z is cut short"], Verdict().Problems);
    }

    [Fact]
    public void What_was_never_proven_is_a_remark()
    {
        runs.Clear();

        OnlyRemarks("no snapshot was ever verified", "no restore was ever rehearsed");
    }

    [Fact]
    public void A_source_that_was_added_since_is_a_remark()
    {
        var verdict = HealthJudgement.Judge(Facts(), new HealthRules([new CoverageRule(SourceKind.Storage, TimeSpan.FromHours(26), ["media", "new"])], 0), Noon);

        Assert.Equal(["the newest snapshot has no source 'new', which the configuration names; the next run adds it"], verdict.Remarks.Select(remark => remark.Text));
    }

    /// <summary>Those that are there are another site's, so that the next run is not known to add it.</summary>
    [Fact]
    public void A_source_of_which_only_other_sites_could_have_a_snapshot_is_a_problem()
    {
        var facts = Facts() with { Unsaved = [new SourceName("new", SourceKind.Storage), new SourceName("media", SourceKind.Database)] };
        var verdict = HealthJudgement.Judge(facts, new HealthRules([new CoverageRule(SourceKind.Storage, TimeSpan.FromHours(26), ["media", "new"])], 0), Noon);

        Assert.Equal(["no snapshot that is known to be of this site has 'new', which the configuration names"], verdict.Problems.Select(problem => problem.Text));
        Assert.Empty(verdict.Remarks);
    }

    [Theory]
    [InlineData(5, null)]
    [InlineData(27, "the newest snapshot in the second place was made 27 hours ago; 26 hours are allowed")]
    public void The_newest_snapshot_in_the_second_place_must_be_young_enough(double hoursAgo, string? problem)
    {
        Ran(RunJob.OffsitePush, 1, snapshot: SnapshotId.At(Noon.AddHours(-hoursAgo)).ToString());

        Assert.Equal(problem is null ? [] : [problem], OffsiteProblems(TimeSpan.FromHours(26)));
    }

    [Fact]
    public void A_second_place_that_holds_nothing_is_a_problem_and_none_at_all_is_not()
    {
        Assert.Equal(["no snapshot was ever copied to the second place"], OffsiteProblems(TimeSpan.FromHours(26)));
        Assert.Empty(OffsiteProblems(null));
    }

    [Fact]
    public void A_copy_that_failed_is_a_problem_as_long_as_there_is_a_second_place()
    {
        Ran(RunJob.OffsitePush, 1, RunOutcome.Failure, "it rained");

        Assert.Equal(["'offsite push' failed 1 hour ago: it rained"], OffsiteProblems(null));
        Assert.Empty(OffsiteProblems(null, hasOffsite: false));
    }

    private IEnumerable<string> OffsiteProblems(TimeSpan? maxAge, bool hasOffsite = true) =>
        HealthJudgement.Judge(Facts(), new HealthRules([], 0, hasOffsite, maxAge), Noon).Problems.Select(problem => problem.Text);

    private void OnlyRemarks(params string[] remarks)
    {
        Assert.Empty(Verdict().Problems);
        Assert.Equal(remarks, Verdict().Remarks);
    }

    private (IEnumerable<string> Problems, IEnumerable<string> Remarks) Verdict()
    {
        var verdict = Judge();
        return (verdict.Problems.Select(note => note.Text).ToArray(), verdict.Remarks.Select(note => note.Text).ToArray());
    }

    private HealthVerdict Judge() => HealthJudgement.Judge(
        Facts(),
        new HealthRules(
            [new CoverageRule(SourceKind.Database, TimeSpan.FromHours(allowed.Database), []), new CoverageRule(SourceKind.Storage, TimeSpan.FromHours(allowed.Storage), [])],
            MinFree),
        Noon);

    private RepositoryFacts Facts() => new()
    {
        Counts = newest.ToDictionary(pair => pair.Key, _ => 1),
        Newest = newest,
        Damaged = damaged,
        Runs = runs,
        BytesOfRun = 1000,
        FreeBytes = free,
    };

    private SnapshotHeader Have(SnapshotType type, double hoursAgo, SnapshotState state = SnapshotState.Complete)
    {
        var at = Noon.AddHours(-hoursAgo);
        return newest[type] = new SnapshotHeader
        {
            FormatVersion = 1,
            Requires = [],
            Id = SnapshotId.At(at).ToString(),
            Type = type,
            State = state,
            Host = "h",
            Tool = "t",
            StartedAt = at,
            FinishedAt = at,
            Sources = [new SourceSummary { Name = "media", Kind = SourceKind.Storage, Path = "/m", Files = 1, Directories = 1, Symlinks = 0, Bytes = 5, NewBytes = 5 }],
            StoredBytes = 1000,
            Warnings = new WarningSummary { Count = state == SnapshotState.Partial ? 2 : 0, First = [] },
            Files = new PartFile(1, default, 1),
            Packs = new PartFile(1, default, 1),
        };
    }

    private void Ran(
        string job, double hoursAgo, RunOutcome outcome = RunOutcome.Success, string? error = null, string? snapshot = null, ExitCode code = ExitCode.Failed)
    {
        var at = Noon.AddHours(-hoursAgo);
        runs[job] = RunRecord.After(runs.GetValueOrDefault(job), new RunReport
        {
            Job = job,
            Outcome = outcome,
            ExitCode = outcome == RunOutcome.Success ? 0 : (int)code,
            Host = "h",
            Tool = "t",
            BackupDirectory = "/b",
            StartedAt = at,
            FinishedAt = at,
            Error = error,
            Snapshot = snapshot,
        });
    }
}
