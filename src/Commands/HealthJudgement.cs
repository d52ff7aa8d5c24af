using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>A kind of source that must be covered by a snapshot no older than <paramref name="MaxAge"/>; <paramref name="Names"/> are its sources.</summary>
internal sealed record CoverageRule(SourceKind Kind, TimeSpan MaxAge, IReadOnlyList<string> Names);

/// <summary>What a healthy repository must be like.</summary>
/// <param name="Coverage">What snapshots must cover.</param>
/// <param name="MinFreeBytes">Space that must be free.</param>
/// <param name="HasOffsite">There is a second place, or may be.</param>
/// <param name="OffsiteMaxAge">How old the newest snapshot there may be; null for any age.</param>
internal sealed record HealthRules(IReadOnlyList<CoverageRule> Coverage, long MinFreeBytes, bool HasOffsite = true, TimeSpan? OffsiteMaxAge = null);

/// <summary>Something to be said of the backups, and the command (or the advice) that mends it.</summary>
internal sealed record HealthNote(string Text, string? Mend = null);

/// <summary>Healthy without a problem; remarks are worth knowing all the same.</summary>
internal sealed record HealthVerdict(IReadOnlyList<HealthNote> Problems, IReadOnlyList<HealthNote> Remarks)
{
    public bool IsHealthy => Problems.Count == 0;
}

/// <summary>Says whether backups are healthy, and why. Decides only; what is known was gathered before.</summary>
internal sealed class HealthJudgement
{
    private const string Create = $"sudo {CommandTable.Program} create";
    private const string Push = $"sudo {CommandTable.Program} offsite push";
    private const int DamagedNamed = 5;
    private const int FewRuns = 3;

    /// <summary>Clocks of machines that share a disk differ by moments.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private readonly RepositoryFacts facts;
    private readonly HealthRules rules;
    private readonly DateTimeOffset now;
    private readonly List<HealthNote> problems = [];
    private readonly List<HealthNote> remarks = [];
    private readonly HashSet<string> partial = [];

    private HealthJudgement(RepositoryFacts facts, HealthRules rules, DateTimeOffset now) =>
        (this.facts, this.rules, this.now) = (facts, rules, now);

    public static HealthVerdict Judge(RepositoryFacts facts, HealthRules rules, DateTimeOffset now)
    {
        var judgement = new HealthJudgement(facts, rules, now);
        judgement.JudgeContent();
        judgement.JudgeCoverage();
        judgement.JudgeHeaders();
        judgement.JudgeRuns();
        judgement.JudgeOffsite();
        judgement.JudgeSpace();
        judgement.JudgeProofs();
        return new HealthVerdict(judgement.problems, judgement.remarks);
    }

    /// <summary>The failure of a job that nothing made good since; null if there is none.</summary>
    public static RunReport? Standing(RunRecord record, IReadOnlyDictionary<string, RunRecord> all)
    {
        // What covers more makes good what covers less.
        var wider = record.Last.Job switch
        {
            RunJob.Verify => RunJob.VerifyDeep,
            var job when job == RunJob.Create(SnapshotType.Database) || job == RunJob.Create(SnapshotType.Storage) => RunJob.Create(SnapshotType.Full),
            _ => null,
        };
        return record.StandingFailure is { } failure
            && !(wider is not null && all.GetValueOrDefault(wider)?.LastSuccess is { } good && good.StartedAt > failure.StartedAt
                && (record.Last.Job != RunJob.Verify || good.Snapshot is null))
            ? failure
            : null;
    }

    /// <summary>What holds rotation is first: it is what may be lost for good.</summary>
    private void JudgeContent()
    {
        var held = ShrinkHold.Of(facts.Newest.Values.Select(header => RetentionItem.Of(SnapshotId.Parse(header.Id)!.Value, header)));
        foreach (var lost in LostContent.Of(held, facts.Newest.Values))
        {
            problems.Add(new HealthNote($"{lost}; rotation is held", $"bring the content back, or if this is right: {LostContent.Accept}"));
        }
    }

    private void JudgeCoverage()
    {
        foreach (var group in rules.Coverage.GroupBy(rule => (facts.NewestCovering(rule.Kind)?.Id, rule.MaxAge)))
        {
            var kinds = string.Join(" and ", group.Select(rule => rule.Kind == SourceKind.Database ? "the databases" : "the storage"));
            if (facts.NewestCovering(group.First().Kind) is not { } newest)
            {
                problems.Add(new HealthNote($"no snapshot covers {kinds}", Create));
                continue;
            }

            JudgeAge(newest, kinds, group.Key.MaxAge);
            JudgeState(newest, kinds);
            var unsaved = facts.Unsaved.Where(source => group.Any(rule => rule.Kind == source.Kind && rule.Names.Contains(source.Name))).Select(source => source.Name).ToList();
            problems.AddRange(unsaved.Select(name => new HealthNote($"no snapshot that is known to be of this site has '{name}', which the configuration names", Create)));
            foreach (var name in group.SelectMany(rule => rule.Names).Except(newest.Sources.Select(source => source.Name)).Except(unsaved))
            {
                remarks.Add(new HealthNote($"the newest snapshot has no source '{name}', which the configuration names; the next run adds it"));
            }
        }
    }

    private void JudgeAge(SnapshotHeader newest, string kinds, TimeSpan allowed)
    {
        var age = now - newest.StartedAt;
        if (age > allowed)
        {
            problems.Add(new HealthNote(
                $"the newest snapshot of {kinds} was made {Units.Age(age)}; {Units.Count((long)allowed.TotalHours, "hour")} are allowed", Create));
        }
        else if (age < -Tolerance)
        {
            problems.Add(new HealthNote(
                $"the newest snapshot of {kinds} was made {Units.Age(age)}, so no age can be told: the clock is wrong, or was", "timedatectl"));
        }
    }

    private void JudgeState(SnapshotHeader newest, string kinds)
    {
        if (newest.State == SnapshotState.Partial && partial.Add(newest.Id))
        {
            problems.Add(new HealthNote(
                $"the newest snapshot of {kinds}, {newest.Id}, is partial: {Lacking(newest)}{Units.Count(newest.Warnings.Count, "warning")}",
                $"sudo {CommandTable.Program} show {newest.Id}"));
        }
    }

    private static string Lacking(SnapshotHeader newest) => string.Concat(
        newest.Sources.Where(s => s.IsLacking).Select(s => $"'{s.Name}' is {s.State.Word()}; "));

    private void JudgeHeaders()
    {
        foreach (var (id, reason) in facts.Damaged.Take(DamagedNamed))
        {
            problems.Add(new HealthNote($"the header of snapshot {id} {reason}", $"sudo {CommandTable.Program} verify"));
        }

        foreach (var (id, reason) in facts.Untrusted)
        {
            problems.Add(new HealthNote($"the newest snapshot, {id}, is not trusted: its header {reason}", $"sudo {CommandTable.Program} verify"));
        }

        if (WrongClock.Proof(facts.InFuture, now) is { } proof)
        {
            problems.Add(new HealthNote($"{WrongClock.Sentence(proof, now)}; nothing is rotated until it is set", WrongClock.Mend));
        }
        else if (facts.InFuture is [.., var ahead])
        {
            var more = facts.InFuture.Count > 1 ? $", and {facts.InFuture.Count - 1} more" : "";
            remarks.Add(new HealthNote($"{FutureId.Named(ahead, now)}{more}, and is passed over: a clock was wrong when it was made, or somebody put it there", $"sudo {CommandTable.Program} doctor"));
        }

        if (facts.Damaged.Count > DamagedNamed)
        {
            problems.Add(new HealthNote($"{Units.Count(facts.Damaged.Count, "damaged header")} in all", $"sudo {CommandTable.Program} verify"));
        }
    }

    private void JudgeRuns()
    {
        foreach (var (job, record) in facts.Runs.Where(run => rules.HasOffsite || !RunJob.IsOffsite(run.Key)))
        {
            var command = RunJob.Command(job);
            if (Standing(record, facts.Runs) is { } failure)
            {
                if (failure.ExitCode == (int)ExitCode.Locked)
                {
                    remarks.Add(new HealthNote($"'{command}' could not begin {Ago(failure)}: another run was at work"));
                }
                else if (failure.LostContent.Count > 0)
                {
                    // Judged by the snapshots themselves: a run of another type may have found the content again.
                }
                else if (failure.Outcome == RunOutcome.Failure || failure.Snapshot is null || !partial.Contains(failure.Snapshot))
                {
                    problems.Add(new HealthNote($"'{command}' {Failed(failure)} {Ago(failure)}{Reason(failure)}", failure.Hint));
                }
            }
            else if (record.Last is { Outcome: RunOutcome.Interrupted } last && !(record.LastSuccess?.StartedAt > last.StartedAt))
            {
                remarks.Add(new HealthNote($"'{command}' was interrupted {Ago(last)}; the next run goes on"));
            }
        }
    }

    private void JudgeOffsite()
    {
        if (rules.OffsiteMaxAge is not { } allowed)
        {
            return;
        }

        if (facts.NewestOffsiteAt is not { } newest)
        {
            problems.Add(new HealthNote("no snapshot was ever copied to the second place", Push));
        }
        else if (now - newest is var age && age > allowed)
        {
            problems.Add(new HealthNote(
                $"the newest snapshot in the second place was made {Units.Age(age)}; {Units.Count((long)allowed.TotalHours, "hour")} are allowed", Push));
        }
    }

    private void JudgeSpace()
    {
        if (facts.FreeBytes is { } free && free < rules.MinFreeBytes)
        {
            problems.Add(new HealthNote(
                $"{Units.Size(free)} are free, and {Units.Size(rules.MinFreeBytes)} must be: no run begins",
                $"sudo {CommandTable.Program} rotate --max-backups 3"));
        }
        else if (facts.RunsThatFit(rules.MinFreeBytes) is < FewRuns and var runs)
        {
            remarks.Add(new HealthNote(
                $"the disk has room for {Units.Count(runs, "more run")}, at {Units.Size(facts.BytesOfRun ?? 0)} each",
                $"sudo {CommandTable.Program} rotate --max-backups 3"));
        }
    }

    private void JudgeProofs()
    {
        if (facts.Count == 0)
        {
            return;
        }

        if (!facts.Runs.ContainsKey(RunJob.Verify) && !facts.Runs.ContainsKey(RunJob.VerifyDeep))
        {
            remarks.Add(new HealthNote("no snapshot was ever verified", $"sudo {CommandTable.Program} verify"));
        }

        if (!facts.Runs.ContainsKey(RunJob.Drill))
        {
            remarks.Add(new HealthNote("no restore was ever rehearsed", $"sudo {CommandTable.Program} drill"));
        }
    }

    private string Ago(RunReport run) => Units.Age(now - run.FinishedAt);

    private static string Failed(RunReport run) => run.Outcome != RunOutcome.Partial ? "failed"
        : run.Error is not null && RunJob.Saves(run.Job) is not null ? "found damage in earlier snapshots"
        : "could not read everything";

    private static string Reason(RunReport run) =>
        run.Error is { } error ? $": {error}" : run.FirstWarnings.Count > 0 ? $": {run.FirstWarnings[0]}" : "";
}
