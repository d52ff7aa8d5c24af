namespace VertexAr.Backup.Model;

/// <summary>How a run ended, for whoever hears of it.</summary>
internal enum RunOutcome
{
    Success,

    /// <summary>A snapshot was saved, but something could not be read.</summary>
    Partial,

    /// <summary>Nothing was saved, or damage was found.</summary>
    Failure,

    /// <summary>It was told to stop; the next run goes on.</summary>
    Interrupted,
}

internal static class RunOutcomes
{
    /// <summary>The word used in the configuration, in records and in output.</summary>
    public static string Word(this RunOutcome outcome) => outcome switch
    {
        RunOutcome.Success => "success",
        RunOutcome.Partial => "partial",
        RunOutcome.Failure => "failure",
        _ => "interrupted",
    };

    public static RunOutcome? FromWord(string word) => word switch
    {
        "success" => RunOutcome.Success,
        "partial" => RunOutcome.Partial,
        "failure" => RunOutcome.Failure,
        "interrupted" => RunOutcome.Interrupted,
        _ => null,
    };
}

/// <summary>What the outside world is told of one run, and what is remembered of it. Holds no secret: it is shown and sent.</summary>
internal sealed record RunReport
{
    /// <summary>What ran, as <see cref="RunJob"/> names it.</summary>
    public required string Job { get; init; }

    public required RunOutcome Outcome { get; init; }

    /// <summary>What the process ends with.</summary>
    public required int ExitCode { get; init; }

    public required string Host { get; init; }

    /// <summary>Name and version of the program.</summary>
    public required string Tool { get; init; }

    public required string BackupDirectory { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The snapshot that was made, or looked at; null if there is none, or if it were all.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Files in the snapshot, or looked at.</summary>
    public long? Files { get; init; }

    /// <summary>Bytes of content in the snapshot, or looked at.</summary>
    public long? Bytes { get; init; }

    /// <summary>Bytes of content that no earlier snapshot had.</summary>
    public long? NewBytes { get; init; }

    /// <summary>Bytes that the repository grew by.</summary>
    public long? StoredBytes { get; init; }

    public long Warnings { get; init; }

    /// <summary>The first few warnings, as they were said.</summary>
    public IReadOnlyList<string> FirstWarnings { get; init; } = [];

    /// <summary>
    /// Sources that lost their content, each with what it lost, where that is all that is wrong: the snapshot is complete, and the
    /// repository says for how long it counts. Empty where more is wrong.
    /// </summary>
    public IReadOnlyList<string> LostContent { get; init; } = [];

    /// <summary>So many damaged packs are remembered.</summary>
    public const int MostDamagedPacks = 1000;

    /// <summary>Packs that were found damaged, by their SHA-256, by this run or by one before it that nothing made good, as far as they are remembered: the next run builds on none of them.</summary>
    public IReadOnlyList<string> DamagedPacks { get; init; } = [];

    /// <summary>Packs that were read and found intact. Counts while the run is noted, and is not remembered.</summary>
    public IReadOnlySet<string> IntactPacks { get; init; } = new HashSet<string>();

    /// <summary>Why it failed; null if it did not.</summary>
    public string? Error { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Hint { get; init; }

    public TimeSpan Took => FinishedAt - StartedAt;
}

/// <summary>Names of runs; each is also the name of the file that remembers the last of its kind.</summary>
internal static class RunJob
{
    public const string Rotate = "rotate";
    public const string Verify = "verify";
    public const string VerifyDeep = "verify-deep";
    public const string Drill = "drill";
    public const string OffsitePush = "offsite-push";
    public const string OffsiteVerify = "offsite-verify";

    private const string CreatePrefix = "create-";

    public static string Create(SnapshotType type) => CreatePrefix + type.Word();

    /// <summary>What such a run saves; null for runs that save nothing.</summary>
    public static SnapshotType? Saves(string job) =>
        job.StartsWith(CreatePrefix, StringComparison.Ordinal) ? SnapshotTypes.FromWord(job[CreatePrefix.Length..]) : null;

    /// <summary>Whether such a run is about the second place.</summary>
    public static bool IsOffsite(string job) => job is OffsitePush or OffsiteVerify;

    /// <summary>How the operator types it.</summary>
    public static string Command(string job) => job == VerifyDeep ? "verify --deep" : job.Replace('-', ' ');
}

/// <summary>What is remembered of the runs of one job.</summary>
internal sealed record RunRecord
{
    public required RunReport Last { get; init; }

    /// <summary>
    /// The last one that did all it should; null if none ever did. A look at one snapshot that found it whole is not taken
    /// for one while an earlier failure stands that it did not look into.
    /// </summary>
    public RunReport? LastSuccess { get; init; }

    /// <summary>The last one that failed or was partial; null if none ever was.</summary>
    public RunReport? LastFailure { get; init; }

    /// <summary>The record after one more run.</summary>
    public static RunRecord After(RunRecord? earlier, RunReport run) => new()
    {
        Last = run,
        LastSuccess = run.Outcome == RunOutcome.Success && !LooksAside(earlier?.StandingFailure, run) ? run : earlier?.LastSuccess,
        LastFailure = run.Outcome is RunOutcome.Failure or RunOutcome.Partial ? WithKnownDamage(run, earlier?.StandingFailure) : earlier?.LastFailure,
    };

    /// <summary>The last failure, unless a later run made it good.</summary>
    public RunReport? StandingFailure => LastFailure is { } failure && !(LastSuccess?.StartedAt > failure.StartedAt) ? failure : null;

    private static bool LooksAside(RunReport? failure, RunReport run) =>
        failure is not null && run.Job is RunJob.Verify or RunJob.VerifyDeep && run.Snapshot is not null && (run.Snapshot != failure.Snapshot || !failure.DamagedPacks.All(run.IntactPacks.Contains));

    /// <summary>What an earlier run found damaged stays so after one that failed on less, or before it came to look.</summary>
    private static RunReport WithKnownDamage(RunReport run, RunReport? standing) => standing is not { DamagedPacks.Count: > 0 }
        ? run
        : run with { DamagedPacks = [.. run.DamagedPacks.Concat(standing.DamagedPacks.Where(pack => !run.IntactPacks.Contains(pack))).Distinct().Take(RunReport.MostDamagedPacks)] };
}
