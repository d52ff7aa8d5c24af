using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Compares each source of a run with the newest snapshots that have its content, and marks the ones that lost it: rotation is
/// then held until the content is back or the operator accepts the loss. What is imported is history and is not judged.
/// </summary>
/// <param name="plan">What the run is to do.</param>
/// <param name="snapshots">Of this site, and whole.</param>
/// <param name="all">With those of others.</param>
/// <param name="progress">Told what was lost.</param>
internal sealed class CreateShrink(CreatePlan plan, IReadOnlyList<Snapshot> snapshots, IReadOnlyCollection<Snapshot> all, RunProgress progress)
{
    /// <summary>The summary with its mark, if it gets one.</summary>
    public SourceSummary Judge(SourceSummary now, IReadOnlyList<SourceSummary> sources, CreateList list)
    {
        if (Find(plan, snapshots, all, now, sources, list.NewFiles(now.Name)) is not { } shrunk)
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

    /// <summary>The list of the snapshot by which a tree is judged; null if it cannot be read, or has the tree under another name.</summary>
    public static EarlierList? Yardstick(CreatePlan plan, IReadOnlyList<Snapshot> snapshots, List<EarlierList> earlier, SourceName source, string path) =>
        plan.Origin is null && ShrinkJudgement.Yardsticks(snapshots, [], source.Name, source.Kind, path) is [var (id, _), ..]
            ? earlier.Find(list => list.Covers(source) && list.Snapshot is { } snapshot && snapshot.ToString() == id)
            : null;

    /// <summary>What a source lost; null if nothing worth naming.</summary>
    /// <param name="plan">What the run is to do.</param>
    /// <param name="snapshots">Those of this site that are whole.</param>
    /// <param name="all">With those of others.</param>
    /// <param name="now">The source in this run.</param>
    /// <param name="sources">All sources of this run.</param>
    /// <param name="newFiles">How many of its files and symlinks are not in the first snapshot by which it is judged; 0 where that is not known.</param>
    public static ShrunkSource? Find(
        CreatePlan plan, IReadOnlyList<Snapshot> snapshots, IReadOnlyCollection<Snapshot> all, SourceSummary now, IReadOnlyList<SourceSummary> sources, long newFiles = 0)
    {
        if (plan.Origin is not null)
        {
            return null;
        }

        var yardsticks = ShrinkJudgement.Yardsticks(snapshots, all, now.Name, now.Kind, now.Path);
        for (var i = 0; i < yardsticks.Count; i++)
        {
            var (id, before) = yardsticks[i];
            var losses = ShrinkJudgement.Losses(
                before, ShrinkJudgement.WithNewSources(before, now, sources), i == 0 ? newFiles : 0, plan.ShrinkLimits.GetValueOrDefault(now.Name) ?? ShrinkLimit.Default);
            if (losses.Length > 0)
            {
                return new ShrunkSource(id, losses, plan.AcceptShrink);
            }
        }

        return null;
    }

    public static string Warning(ShrunkSource shrunk) => $"lost its content: {shrunk.Sentence}; no snapshot is rotated away until it is back, or until 'create --accept-shrink'";
}
