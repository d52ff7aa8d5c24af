using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Rehearses a restore: restores a snapshot into a scratch directory with the code that would restore it in need, looks at
/// the result with other eyes, and throws it away, however the rehearsal ends.
/// </summary>
internal sealed class DrillRestore
{
    /// <summary>What a name takes on a file system beside its content.</summary>
    private const long BytesPerName = 4096;

    /// <summary>What SQLite and the file system may want besides.</summary>
    private const long Margin = 16L << 20;

    private readonly SnapshotStore store;
    private readonly DrillPlan plan;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;

    private DrillRestore(SnapshotStore store, DrillPlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop) =>
        (this.store, this.plan, this.clock, this.progress, this.stop) = (store, plan, clock, progress, stop);

    /// <summary>The newest complete full snapshot; without one, the newest complete one. What is dated in the future is not the newest.</summary>
    /// <exception cref="UserError">There is none.</exception>
    public static Snapshot Choose(SnapshotStore store, SiteIdentity? site, DateTimeOffset now, RunProgress progress)
    {
        var (whole, damaged) = store.ReadAll();
        var near = site?.Nearest(whole) ?? whole;
        var complete = FutureId.Split(near.FindAll(s => s.Header is { State: SnapshotState.Complete, IsMarked: false }), now).Dated;
        var chosen = complete.FindLast(s => s.Header.Type == SnapshotType.Full) ?? complete.LastOrDefault();
        foreach (var bad in damaged.Where(d => chosen is null || (d.Id > chosen.Id && !FutureId.Is(d.Id, now))))
        {
            progress.Say(Severity.Warning, $"snapshot {bad.Id} is newer, but {bad.Word}: its header {bad.Reason}");
        }

        return chosen ?? throw UserError.Failed(
            $"{store.Layout.Root} holds no complete snapshot to rehearse with",
            whole.Count > 0 ? "name a partial one by its ID, as 'vertex-ar-backup list' shows it" : "'vertex-ar-backup create' makes one");
    }

    /// <exception cref="UserError">The snapshot cannot be restored, or there is no place to do so.</exception>
    public static DrillReport Run(
        SnapshotStore store, Snapshot snapshot, DrillPlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop) =>
        new DrillRestore(store, plan, clock, progress, stop).Run(snapshot);

    private DrillReport Run(Snapshot snapshot)
    {
        var parent = plan.Directory ?? store.Layout.Staging;
        ScratchDirectory scratch;
        try
        {
            if (plan.Directory is null)
            {
                AtomicFile.EnsureOwnDirectory(parent);
            }
            else if (Posix.IsRoot)
            {
                RequireTrust(parent);
            }

            foreach (var orphan in ScratchDirectory.RemoveOrphans(parent))
            {
                progress.Say(Severity.Information, $"removed {orphan}, left behind by a run that was killed");
            }

            RequireSpace(snapshot, parent);
            scratch = ScratchDirectory.Make(parent, ScratchKind.Drill, clock.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UserError.Failed(
                $"cannot restore into {parent}: {e.Message}",
                $"name a directory that the user who runs backups may write to as drill.dir in the configuration{(plan.Directory is null ? ", or run it as the owner of the backup directory" : "")}",
                e);
        }

        try
        {
            return Rehearse(snapshot, scratch);
        }
        finally
        {
            Remove(scratch);
        }
    }

    /// <summary>What is restored there is found by its path. Where everything is everybody's, root goes there by no links.</summary>
    private static void RequireTrust(string directory)
    {
        var exposures = Exposure.EachAround(directory, 0).ToList();
        if (exposures.Find(one => !one.IsOfMount()) is { } found)
        {
            throw UserError.Failed(
                $"root does not rehearse in the directory {directory} (drill.dir), since others could exchange what is in it: {found.Sentence}",
                "name a directory of root's, or let the backup directory belong to the user who makes backups, as whom root rehearses then");
        }

        if (exposures.Count > 0)
        {
            LinkTrust.Hold(directory);
        }
    }

    /// <summary>A drill must not fill the disk that the next backup needs.</summary>
    private void RequireSpace(Snapshot snapshot, string parent)
    {
        var space = Posix.Space(parent);
        var free = space.Available;
        var need = Need(snapshot, snapshot.Header.Bytes);
        if (free - need < plan.MinFreeBytes)
        {
            // A sparse file is called any size; what is no hole is in the list.
            need = Need(snapshot, Content(snapshot));
        }

        var text = $"a drill of snapshot {snapshot.Id} needs {Units.Size(need)} in {parent}, and {(space.IsUnknown ? "nobody knows how much is" : $"{Units.Size(free)} are")} free there";
        if (free - need < plan.MinFreeBytes)
        {
            throw UserError.Failed(
                $"too little space: {text} (min_free_mb keeps {Units.Size(plan.MinFreeBytes)} free)",
                "free some space, or name a directory on another disk as drill.dir in the configuration");
        }

        progress.Say(Severity.Information, text);
    }

    private static long Need(Snapshot snapshot, long content)
    {
        var names = Units.Sum(snapshot.Header.Sources.SelectMany(s => new[] { s.Files, s.Directories, s.Symlinks, s.SpecialFiles }));
        return Units.Sum([content, Math.Min(names, 1L << 48) * BytesPerName, Margin]);
    }

    /// <summary>Bytes of all files without their holes.</summary>
    private long Content(Snapshot snapshot)
    {
        try
        {
            using var guard = ReaderGuard.ForReading(store.Layout, clock, "drill");
            using var list = store.OpenFileList(snapshot);
            var content = 0L;
            while (list.Read() is { } entry)
            {
                stop.ThrowIfCancellationRequested();
                content = entry.Type == EntryType.HardLink ? content : Units.Sum(entry.Pieces.Where(piece => !piece.IsHole).Select(piece => piece.Length).Append(content));
            }

            return content;
        }
        catch (DamageError)
        {
            // The restore will say so.
            return snapshot.Header.Bytes;
        }
    }

    private DrillReport Rehearse(Snapshot snapshot, ScratchDirectory scratch)
    {
        var findings = new DrillFindings(progress);
        var (targets, files, bytes) = RestoreAndCompare(snapshot, scratch.Restored, findings);
        var databases = new DrillDatabases(plan, findings, clock, stop);
        foreach (var (name, path) in targets)
        {
            progress.Phase = $"checking {name}";
            databases.Check(name, path);
        }

        progress.Phase = "asking";
        databases.Ask(targets);
        return new DrillReport
        {
            Snapshot = snapshot,
            Files = files,
            Bytes = bytes,
            Tables = databases.Tables,
            Answers = databases.Answers,
            Failures = findings.First,
            FailureCount = findings.Count,
        };
    }

    /// <summary>The part that reads the repository. Rotation waits for it, and not for the questions to the databases.</summary>
    /// <returns>Restored databases by name, and what was compared.</returns>
    private (Dictionary<string, string> Databases, long Files, long Bytes) RestoreAndCompare(Snapshot snapshot, string to, DrillFindings findings)
    {
        using var guard = ReaderGuard.ForReading(store.Layout, clock, "drill");
        try
        {
            var restore = new RestoreBackup(store, snapshot, new RestorePlan { To = to, IsDrill = true, RenameUnfit = true, Workers = plan.Workers }, clock, progress, stop);
            var result = restore.Run();
            foreach (var lacking in result.SourcesNotRestored)
            {
                findings.Fail(lacking.Path, lacking.Reason);
            }

            var losses = result.Losses;
            progress.Phase = "reading it again";
            progress.Expect(2 * snapshot.Header.Bytes);
            using var list = store.OpenFileList(snapshot);
            using var files = new DrillFiles(to, progress, findings, losses, stop);
            files.Run(list);
            var databases = restore.Targets.Where(t => t.Source.Kind == SourceKind.Database).ToDictionary(
                t => t.Source.Name,
                t => Path.Combine(to, BytePath.Text(losses.Renamed.PathOf(Posix.Bytes(Path.GetRelativePath(to, t.Target))))));
            return (databases, files.Files, files.Bytes);
        }
        catch (Exception e) when (e is DamageError or UserError { InnerException: DamageError })
        {
            throw UserError.Failed(
                $"snapshot {snapshot.Id} cannot be restored: {(e is DamageError ? "it " : "")}{e.Message}",
                "'vertex-ar-backup verify --deep' names all that is damaged, and what to do about it",
                e);
        }
    }

    private void Remove(ScratchDirectory scratch)
    {
        try
        {
            scratch.Dispose();
        }
        catch (PosixError e)
        {
            progress.Say(Severity.Warning, $"{scratch.DirectoryPath} cannot be removed: {e.Message}; the next drill tries again");
        }
    }
}
