using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Takes one snapshot: databases first, then the trees, each compared with what an earlier run saw so that only what is new
/// is read and stored. Packs, then lists, then the header; before the header is there, nothing has happened.
/// </summary>
internal sealed class CreateBackup
{
    private readonly CreatePlan plan;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly DateTimeOffset startedAt;
    private readonly CreateSources sources;
    private readonly PackRegistry packs = new();
    private readonly List<string> damages = [];
    private List<SnapshotId> existing = [];
    private List<Snapshot> dated = [];
    private SnapshotLink? previous;
    private readonly SortedSet<string> halfRestored = new(StringComparer.Ordinal);

    private CreateBackup(CreatePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        this.plan = plan;
        this.clock = clock;
        this.progress = progress;
        this.stop = stop;
        startedAt = plan.Origin?.TakenAt ?? clock.GetUtcNow();
        sources = new CreateSources(plan, clock);
    }

    /// <summary>Where an imported snapshot will stand among the others.</summary>
    private SnapshotId? Neighbour => plan.Origin is null ? null : SnapshotId.At(startedAt);

    /// <exception cref="UserError">There is no snapshot, and why.</exception>
    /// <exception cref="OperationCanceledException">Stopped; what was stored so far is found again by the next run.</exception>
    public static CreateResult Run(CreatePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        var run = new CreateBackup(plan, clock, progress, stop);
        plan.Watch.RequireBackups(plan.BackupDirectory);
        if (plan.Origin is null)
        {
            SourceOverlaps.Require(plan.BackupDirectory, plan.Places);
        }

        run.sources.Check();
        var layout = Repository.OpenOrCreate(plan.BackupDirectory, clock);
        try
        {
            using var held = RepositoryLock.Acquire(layout, $"{(plan.Origin is null ? "create" : "import")} {plan.Type.Word()}", clock.GetUtcNow());
            try
            {
                return run.Run(held);
            }
            catch (Exception e) when (e is PosixError or UserError { KeepsWork: false } && held.Lost(e) is { } lost)
            {
                throw lost;
            }
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(plan.BackupDirectory, e);
        }
    }

    private CreateResult Run(RepositoryLock held)
    {
        held.Layout.SeeAnew();
        var store = CreateSigning.Open(plan, held.Layout);
        var (all, damaged) = store.ReadAll();
        dated = FutureId.Split(all, clock.GetUtcNow()).Dated;
        var whole = plan.Origin is null ? plan.Site.Nearest(dated) : dated;
        sources.Compare(whole);
        existing = store.Ids();
        CreateSigning.SayDamaged(damaged, progress);
        ScratchFiles.RemoveOrphans(held);
        PlaceTrial.RemoveOrphans(held.Layout.Root);
        var leftBehind = RunStaging.LeftBehind(held).ToList();
        List<SnapshotId> taken = [.. existing, .. leftBehind.Select(d => SnapshotId.Parse(Path.GetFileName(d)) ?? default), .. plan.Signer?.Listed(held.Layout) ?? []];
        var id = plan.Origin is null ? CreateId.Next(startedAt, taken, existing, held.Layout, progress) : CreateId.Free(startedAt, taken, held.Layout);
        previous = CreateSigning.Previous(plan, held.Layout, id, clock.GetUtcNow());
        var earlier = CreateBase.Find(store, whole, leftBehind, packs, progress, SayDamaged, Neighbour);
        SnapshotHeader header;
        try
        {
            LookAhead(store, whole, leftBehind);
            header = Store(held, id, earlier, whole);
        }
        catch (Exception e) when (e is SpaceError || PosixError.IsFullDisk(e) || SqliteFile.IsFullDisk(e.InnerException))
        {
            GiveBackSpace(held, damaged);
            throw new UserError(
                ExitCode.Failed,
                e is SpaceError ? e.Message : $"the disk of {plan.BackupDirectory} is full",
                "this run's files were removed and every earlier snapshot is whole; free some space, or lower max_backups and run 'vertex-ar-backup rotate'",
                e);
        }
        catch (UserError e) when (!e.KeepsWork)
        {
            // It would be so again each night, and leave what it had stored.
            GiveBackSpace(held, damaged);
            throw;
        }
        finally
        {
            earlier.ForEach(list => list.Dispose());
        }

        held.Require();
        leftBehind.Append(RunStaging.PathOf(held.Layout, id)).Select(RunStaging.Remove).OfType<string>().ToList().ForEach(problem => progress.Say(Severity.Warning, problem));
        if (plan.Watch.Remember() is { } unremembered)
        {
            progress.Say(Severity.Detail, unremembered);
        }

        return new CreateResult(header, Holds(header) ? null : Rotate(held, damaged, leftBehind.Count > 0), damages);
    }

    /// <summary>The new snapshot lacks nothing for it, but earlier ones do.</summary>
    private void SayDamaged(string text)
    {
        if (!damages.Contains(text))
        {
            damages.Add(text);
            progress.Say(Severity.Warning, $"{text}; 'vertex-ar-backup verify' says which snapshots need it");
        }
    }

    /// <summary>
    /// A run that would fill the disk does not begin. The walk costs little beside a run that has much to read; where the disk
    /// has ample space, it is spared.
    /// </summary>
    private void LookAhead(SnapshotStore store, List<Snapshot> whole, List<string> leftBehind)
    {
        if (plan.Origin is null && CreateEstimate.IsAmple(plan, whole))
        {
            return;
        }

        progress.Phase = "looking";
        var unheard = new RunProgress(_ => { });
        var earlier = plan.Rescan ? [] : CreateBase.Find(store, whole, leftBehind, new PackRegistry(), unheard, _ => { }, Neighbour);
        var (preview, need, _) = CreatePreview.Look(sources.Present, earlier, whole, clock, unheard, stop);
        var estimate = CreateEstimate.Of(plan, need, whole);
        if (estimate.Missing > 0)
        {
            throw new SpaceError(estimate.Explanation);
        }

        progress.Expect(preview.BytesToRead);
    }

    private SnapshotHeader Store(RepositoryLock held, SnapshotId id, List<EarlierList> earlier, List<Snapshot> whole)
    {
        if (!AttributeReader.CanRead)
        {
            progress.Say(Severity.Warning, "ACLs and extended attributes are not saved: reading them needs /proc, which is not mounted");
        }

        using var staging = RunStaging.Begin(held, id, startedAt, sources.Names, AttributeReader.Kinds);
        using var files = new FileListWriter(staging.List);
        var list = new CreateList(files, staging, packs, progress);
        var options = new StoreOptions(plan.PackBytes, plan.CompressionLevel, plan.MinFreeBytes);
        var pace = plan.ReadBytesPerSecond is { } most ? new Pace(most, clock) : null;
        using var store = new PieceStore(held, staging.DirectoryPath, options, packs, index => earlier.ForEach(e => e.Fill(index)));
        using var references = new CreateReferences(
            sources.References, staging.DirectoryPath, list, () => store.RequireSpace(0), plan.QueryLimits, stop);
        using (var pipeline = new CreatePipeline(store, list, plan.Workers, pace, progress, stop))
        {
            foreach (var warning in plan.Origin?.Warnings ?? [])
            {
                list.Warn(Posix.Bytes(warning.Path), warning.Reason, isLoss: false);
            }

            WarnOfRestores(list);

            List<EarlierList> compared = plan.Rescan ? [] : earlier;
            var entries = new CreateEntries(
                pipeline, list, compared, new CreateUnchanged(compared, plan.Rescans, startedAt), store, references, (source, path) => CreateShrink.Yardstick(plan, whole, earlier, source, path));
            foreach (var (source, error) in sources.Missing)
            {
                list.Fail(source, SourceState.Missing, error.Message, error.Hint);
            }

            foreach (var database in sources.Databases.Where(d => sources.IsThere(d.Name)))
            {
                entries.AddDatabase(database, new SqliteSource(database, clock), clock, staging.DirectoryPath, progress, stop);
            }

            var places = plan.FindPlaces();
            foreach (var tree in sources.Trees.Where(t => sources.IsThere(t.Name)))
            {
                progress.Phase = tree.Name;
                if (sources.LookAgain(tree, places) is { } gone)
                {
                    list.Fail(tree.Name, SourceState.Missing, gone.Message, gone.Hint);
                    continue;
                }

                var source = new DirectorySource(tree, places);
                entries.AddTree(tree, source, stop);
                source.UnmatchedPatterns.ToList().ForEach(pattern => progress.Say(Severity.Detail, LeftOutText.Unmatched(pattern), tree.Name));
            }

            pipeline.Complete();
            WarnOfRestores(list);
        }

        list.SayFailures([.. sources.Names.Select(source => source.Name)]);
        references.Report();
        progress.Phase = "finishing";
        store.SyncDirectories();
        return Publish(held, id, staging, files, list, whole);
    }

    private void WarnOfRestores(CreateList list)
    {
        foreach (var half in plan.HalfRestored().Where(half => sources.Names.Any(source => source.Name == half.Path) && halfRestored.Add(half.Path)))
        {
            list.Warn(Posix.Bytes(half.Path), half.Reason, isLoss: true);
        }
    }

    private static string[] Features(SourceSummary[] sources, List<SnapshotId> older) =>
    [
        .. Array.Exists(sources, source => source.IsMarked) ? [SnapshotFeatures.Shrunk] : Array.Empty<string>(),
        .. Array.Exists(sources, source => source.IsFile) ? [SnapshotFeatures.SingleFile] : Array.Empty<string>(),
        .. older.Count > 0 ? [SnapshotFeatures.Order] : Array.Empty<string>(),
    ];

    /// <summary>
    /// Publishes it under its ID, or under the next that is free: somebody who came by another way to the repository may have made a snapshot in
    /// the same second, of which a share did not tell when this run chose its own.
    /// </summary>
    private SnapshotHeader Publish(
        RepositoryLock held, SnapshotId id, RunStaging staging, FileListWriter files, CreateList list, List<Snapshot> whole)
    {
        const int triesAtMost = 100;
        var staged = new StagedSnapshot(staging.List, Path.Combine(staging.DirectoryPath, "packs.tmp"), Path.Combine(staging.DirectoryPath, "header.tmp"));
        var shrink = new CreateShrink(plan, whole, dated, progress);
        SourceSummary[] found = [.. sources.Databases.Select(d => Summary(d, list)), .. sources.Trees.Select(t => Summary(t, list))];
        var judged = Array.ConvertAll(found, source => source.IsLacking ? source : shrink.Judge(source, found, list));
        var table = packs.Table().ConvertAll(pack => pack!);
        var header = new SnapshotHeader
        {
            FormatVersion = RepositoryMark.CurrentVersion,
            Requires = [],
            Id = "",
            Type = plan.Type,
            State = list.IsPartial ? SnapshotState.Partial : SnapshotState.Complete,
            Host = plan.Site.Host,
            Machine = plan.Site.Machine,
            Tool = plan.Tool,
            StartedAt = startedAt,
            Sources = judged,
            Beside = plan.Origin is null ? plan.Site.PlacesBeside(plan.Type) : [],
            StoredBytes = packs.WrittenBytes,
            Warnings = list.Warnings,
            AttributeKinds = list.HasUnreadAttributes ? [] : AttributeReader.Kinds,
            Files = files.Finish(),
            Packs = PackTable.Write(table, staged.PackTable),
            FinishedAt = plan.Origin is null ? clock.GetUtcNow() : startedAt,
            Origin = plan.Origin?.Mark,
            Previous = previous,
            Signer = plan.Signer?.Key.Public.Text,
        };
        for (var tries = 0; tries < triesAtMost; tries++, id = id.Next())
        {
            var older = plan.Origin is null ? existing.FindAll(other => other > id) : [];
            header = header with { Id = id.ToString(), Requires = [.. list.Requires, .. Features(judged, older)], Older = older };
            if (staged.TryPublish(held, header, plan.Signer?.Key, table))
            {
                CreateSigning.List(plan, held, clock, progress);
                return header;
            }

            progress.Say(Severity.Detail, $"there is a snapshot {id} that was not there when this run began: this one takes the next second");
        }

        throw new UserError(
            ExitCode.Failed,
            $"no snapshot was made: all of {triesAtMost} names before {id} are taken in {held.Layout.Snapshots}, and were not when this run began",
            "see what is there, and run it again")
        { KeepsWork = true };
    }

    private static SourceSummary Summary(DatabaseOptions database, CreateList list)
    {
        var summary = list.Summary(new SourceName(database.Name, SourceKind.Database), database.Was?.Path ?? database.Path);
        return database.Was is null && database.File != database.Path ? summary with { Target = database.File } : summary;
    }

    private static SourceSummary Summary(TreeOptions tree, CreateList list)
    {
        var summary = list.Summary(new SourceName(tree.Name, SourceKind.Storage), tree.Was?.Path ?? tree.Path);
        return tree.Was is not null ? summary : summary with
        {
            IsFile = tree.IsFile,
            Target = tree.Top == tree.Path ? null : tree.Top,
            Exclude = tree.IsFile ? null : tree.Exclude,
            OneFileSystem = tree.IsFile ? null : tree.OneFileSystem,
        };
    }

    /// <summary>Whether no earlier snapshot is given up for this one, which is said if any would have been.</summary>
    private bool Holds(SnapshotHeader header)
    {
        if (Array.Find(header.Sources, static source => source.IsLacking) is not { } lacking)
        {
            return false;
        }

        if (plan.Retention is { } rules && existing.Count >= rules.Newest)
        {
            progress.Say(Severity.Warning, $"nothing is rotated by this run, since '{lacking.Name}' is {lacking.State.Word()}; if it is gone for good, take it out of the configuration");
        }

        return true;
    }

    private RotateResult? Rotate(RepositoryLock held, List<DamagedSnapshot> damaged, bool sweep)
    {
        if (halfRestored.Count > 0)
        {
            progress.Say(Severity.Warning, $"nothing is rotated while {halfRestored.First()} is half restored");
            return null;
        }

        if (plan.Retention is { } rules)
        {
            progress.Phase = "rotating";
            return RotateBackups.Run(held, rules, plan.Site, dryRun: false, clock, progress, plan.Signer);
        }

        // What an interrupted run had stored and this one had no use for.
        if (sweep)
        {
            FreeOrphans(held, damaged);
        }

        return null;
    }

    /// <summary>Where space is short, or would be, nothing is worth keeping that no snapshot names.</summary>
    private void GiveBackSpace(RepositoryLock held, List<DamagedSnapshot> damaged)
    {
        held.Require();
        RunStaging.LeftBehind(held).ToList().ForEach(DirectoryTree.Remove);
        FreeOrphans(held, damaged);
    }

    private void FreeOrphans(RepositoryLock held, List<DamagedSnapshot> damaged)
    {
        using var alone = ReaderGuard.TryForDeleting(held);
        _ = alone is null ? 0 : RotateBackups.Free(held, alone, damaged, progress, packs.Written().ToHashSet());
    }
}
