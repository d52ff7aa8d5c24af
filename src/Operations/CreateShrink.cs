using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Compares each source of a run with the newest snapshot that has its content, and marks the ones that lost it: rotation is
/// then held until the content is back or the operator accepts the loss. What is imported is history and is not judged.
/// </summary>
internal sealed class CreateShrink(CreatePlan plan, IReadOnlyList<Snapshot> snapshots, RunProgress progress)
{
    /// <summary>The summary with its mark, if it gets one.</summary>
    public SourceSummary Judge(SourceSummary now, CreateList list)
    {
        if (Find(plan, snapshots, now) is not { } shrunk)
        {
            return now;
        }

        if (shrunk.IsAccepted)
        {
            progress.Say(Severity.Information, $"the loss of content is accepted: {shrunk.Sentence}", now.Name);
        }
        else
        {
            list.Warn(Posix.Bytes(now.Name), Warning(shrunk), isLoss: false);
        }

        return now with { Shrunk = shrunk };
    }

    /// <summary>What a source lost; null if nothing worth naming.</summary>
    public static ShrunkSource? Find(CreatePlan plan, IReadOnlyList<Snapshot> snapshots, SourceSummary now)
    {
        if (plan.Origin is not null || ShrinkJudgement.Yardstick(snapshots, now) is not var (id, before))
        {
            return null;
        }

        var losses = ShrinkJudgement.Losses(before, now, plan.ShrinkLimits.GetValueOrDefault(now.Name) ?? ShrinkLimit.Default);
        return losses.Length == 0 ? null : new ShrunkSource(id, losses, plan.AcceptShrink);
    }

    public static string Warning(ShrunkSource shrunk) => $"lost its content: {shrunk.Sentence}; no snapshot is rotated away until it is back, or until 'create --accept-shrink'";
}
