using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a backup would do.</summary>
/// <param name="Files">Files in all.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="FilesToRead">Those of which it is not known that they are as they were.</param>
/// <param name="BytesToRead">Their bytes.</param>
internal sealed record Preview(long Files, long Bytes, long FilesToRead, long BytesToRead)
{
    /// <summary>How it would end, as far as a look can tell.</summary>
    public ExitCode Code { get; init; } = ExitCode.Done;
}

/// <summary>Looks at the sources as a backup would, without reading content or writing anything.</summary>
internal sealed class CreatePreview
{
    private readonly List<EarlierList> earlier;
    private readonly CreateUnchanged unchanged;
    private readonly IReadOnlyList<Snapshot> snapshots;
    private Preview total = new(0, 0, 0, 0);
    private readonly DensitySample sample = new();
    private WriteNeed need = new(0, 0, 0, 1);
    private readonly List<SourceSummary> sources = [];

    private CreatePreview(List<EarlierList> earlier, CreateUnchanged unchanged, IReadOnlyList<Snapshot> snapshots) =>
        (this.earlier, this.unchanged, this.snapshots) = (earlier, unchanged, snapshots);

    /// <summary>What a backup would do now; what it would say of sources that are missing or lost their content is said.</summary>
    /// <exception cref="UserError">It could not be made there, or not of these sources.</exception>
    public static Preview Run(CreatePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        plan.Watch.RequireBackups(plan.BackupDirectory);
        SourceOverlaps.Require(plan.BackupDirectory, plan.Places);
        Repository.RequirePlace(plan.BackupDirectory);
        var sources = new CreateSources(plan, clock);
        var (preview, _, found, (snapshots, all)) = Look(plan, sources, clock, progress, stop);
        var (isLess, isDamaged) = (sources.Missing.Count > 0 || preview.Code != ExitCode.Done, false);
        foreach (var error in sources.Missing.Values)
        {
            progress.Say(Severity.Error, $"{error.Message} (everything else would be saved{(error.Hint is { Length: > 0 } hint ? $"; {hint}" : "")})");
        }

        foreach (var half in plan.HalfRestored().Where(half => sources.Names.Any(source => source.Name == half.Path)))
        {
            isLess = true;
            progress.Say(Severity.Warning, half.Reason, half.Path);
        }

        foreach (var source in sources.Databases.Where(database => database.IsKnownAsDatabase).Select(database => new SqliteSource(database, clock)).Where(source => source.IsOtherFile()))
        {
            isDamaged = true;
            progress.Say(Severity.Error, source.Damage(SqliteFile.NotDatabase));
        }

        foreach (var now in found)
        {
            var content = now.Kind == SourceKind.Database && now.Bytes > 0
                ? new SqliteSource(plan.Databases.First(database => database.Name == now.Name), clock).Measure(stop) : null;
            if (CreateShrink.Find(plan, snapshots, all, now with { Content = content }, found) is { } shrunk)
            {
                isLess |= !plan.AcceptShrink;
                progress.Say(Severity.Warning, CreateShrink.Warning(shrunk), now.Name);
            }
        }

        return preview with { Code = isDamaged ? ExitCode.Failed : isLess ? ExitCode.Partial : ExitCode.Done };
    }

    /// <summary>Whether a backup would fit on the disk now. The backup directory need not hold a repository yet, but must exist.</summary>
    public static CreateEstimate Estimate(CreatePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        var (_, need, _, (snapshots, _)) = Look(plan, new CreateSources(plan, clock), clock, progress, stop);
        return CreateEstimate.Of(plan, need, snapshots);
    }

    /// <param name="plan">What the run is to do.</param>
    /// <param name="earlier">What it is compared with; disposed of here.</param>
    /// <param name="snapshots">Those that are whole.</param>
    /// <param name="clock">The run's clock.</param>
    /// <param name="progress">Told what cannot be looked at.</param>
    /// <param name="stop">Ends it early.</param>
    /// <returns>With what the snapshot's header would say of each source, as far as a look can tell.</returns>
    public static (Preview Preview, WriteNeed Need, IReadOnlyList<SourceSummary> Sources) Look(
        CreatePlan plan, List<EarlierList> earlier, IReadOnlyList<Snapshot> snapshots, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        try
        {
            var look = new CreatePreview(earlier, new CreateUnchanged(earlier, plan.Rescans, clock.GetUtcNow()), snapshots);
            foreach (var database in plan.Databases.Where(_ => plan.Type.Covers(SourceKind.Database)).OrderBy(d => d.Name, StringComparer.Ordinal))
            {
                look.LookAt(database, clock);
            }

            var places = plan.FindPlaces();
            foreach (var tree in plan.Trees.Where(_ => plan.Type.Covers(SourceKind.Storage)).OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                look.LookAt(tree, places, progress, stop);
            }

            return (look.total, look.need with { SampledRatio = look.sample.Ratio }, look.sources);
        }
        finally
        {
            earlier.ForEach(list => list.Dispose());
        }
    }

    private static (Preview Preview, WriteNeed Need, IReadOnlyList<SourceSummary> Sources, (IReadOnlyList<Snapshot> Ours, IReadOnlyList<Snapshot> All) Snapshots) Look(
        CreatePlan plan, CreateSources sources, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        sources.Check();
        var store = Directory.Exists(Path.Combine(plan.BackupDirectory, "snapshots")) ? new SnapshotStore(Repository.Open(plan.BackupDirectory)) : null;
        var all = FutureId.Split(store?.ReadAll().Whole ?? [], clock.GetUtcNow()).Dated;
        var snapshots = plan.Site.Nearest(all);
        sources.Compare(snapshots);
        var earlier = store is null || plan.Rescan ? [] : CreateBase.Find(store, snapshots, [], new PackRegistry(), progress, text => progress.Say(Severity.Warning, text));
        var (preview, need, found) = Look(sources.Present, earlier, snapshots, clock, progress, stop);
        return (preview, need, found, (snapshots, all));
    }

    private void LookAt(DatabaseOptions database, TimeProvider clock)
    {
        var name = new SourceName(database.Name, SourceKind.Database);
        var status = new SqliteSource(database, clock).Look();
        var path = ListPath.OfFile(database.Name, database.Path);
        var known = CreateEntries.FindDatabase(earlier, name, path, status) is not null;
        Add(status.File.Size, known);
        sources.Add(Summary(name, database.Path, files: 1, symlinks: 0, Units.Add(status.File.Size, status.Wal?.Size ?? 0)));
        if (!known)
        {
            // What the log holds may be new pages at its end.
            var size = Units.Add(status.File.Occupied, status.LogBytes);
            var changed = CreateEstimate.Changed(snapshots, name, size);
            need = need with { Copies = need.Copies + size, Databases = need.Databases + changed };
            sample.AddCompressible(changed);
        }
    }

    private void LookAt(TreeOptions tree, ForeignPlaces places, RunProgress progress, CancellationToken stop)
    {
        var name = new SourceName(tree.Name, SourceKind.Storage);
        var source = new DirectorySource(tree, places);
        unchanged.Place = tree.Path;
        var (before, links) = (total, 0L);
        foreach (var walked in source.WalkAhead(stop))
        {
            stop.ThrowIfCancellationRequested();
            if (walked.Problem is { } problem)
            {
                progress.Say(Severity.Warning, problem.Reason, Encoding.UTF8.GetString(walked.Path));
                total = problem.IsLoss ? total with { Code = ExitCode.Partial } : total;
            }
            else if (walked.Foreign is null && walked.Status.IsRegular)
            {
                LookAt(name, walked);
            }
            else if (walked.Foreign is null)
            {
                links += walked.Status.IsDirectory ? 0 : 1;
            }
        }

        source.UnmatchedPatterns.ToList().ForEach(pattern => progress.Say(Severity.Detail, LeftOutText.Unmatched(pattern), tree.Name));
        sources.Add(Summary(name, tree.Path, total.Files - before.Files, links, total.Bytes - before.Bytes));
    }

    private static SourceSummary Summary(SourceName name, string path, long files, long symlinks, long bytes) => new()
    {
        Name = name.Name,
        Kind = name.Kind,
        Path = path,
        Files = files,
        Directories = 0,
        Symlinks = symlinks,
        Bytes = bytes,
        NewBytes = 0,
    };

    /// <summary>A file of the size it had is read again, but probably holds what it held: so does a whole site after a restore.</summary>
    private void LookAt(SourceName source, WalkedEntry walked)
    {
        var (known, likely) = (false, false);
        foreach (var list in earlier.Where(_ => !known))
        {
            if (list.Find(source, walked.Path) is { HasContent: true } entry)
            {
                known = unchanged.Is(entry, source, walked, list);
                likely |= entry.Size == walked.Status.Size;
            }
        }

        Add(walked.Status.Size, known);
        if (!known && !likely)
        {
            need = need with { Trees = need.Trees + walked.Status.Occupied };
            sample.Look(walked);
        }
    }

    private void Add(long bytes, bool known) => total = total with
    {
        Files = total.Files + 1,
        Bytes = Units.Add(total.Bytes, bytes),
        FilesToRead = total.FilesToRead + (known ? 0 : 1),
        BytesToRead = Units.Add(total.BytesToRead, known ? 0 : bytes),
    };
}
