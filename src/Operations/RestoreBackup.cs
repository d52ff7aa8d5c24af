using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Brings a snapshot back. Everything is first restored beside its target, checked and put on disk; only when all of it is
/// complete does it take the target's place. Needs the repository and nothing else: no sources, no configuration.
/// </summary>
internal sealed class RestoreBackup
{
    private const string UnfinishedMark = "RESTORE-IS-NOT-FINISHED";

    private readonly RestorePlan plan;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly string stamp;
    private readonly List<string> made = [];

    public RestoreBackup(SnapshotStore store, Snapshot snapshot, RestorePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
        : this(new RestoreSnapshot(store, snapshot, progress, stop), plan, clock, progress, stop)
    {
    }

    public RestoreBackup(IRestorable what, RestorePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        What = what;
        this.progress = progress;
        this.stop = stop;
        this.plan = plan with { Selection = Select(what, plan) };
        // To the millisecond: whoever restores twice in a second has the first one's leavings in the way otherwise.
        stamp = clock.GetUtcNow().UtcDateTime.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture);
        Targets = [.. what.Sources.Where(s => (plan.Only is null || s.Kind == plan.Only) && IsRestorable(s)).Select(Target)];
        Check();
    }

    public IRestorable What { get; }

    /// <summary>What is restored, and where to.</summary>
    public IReadOnlyList<RestoreTarget> Targets { get; }

    /// <summary>Directories on whose disks what is restored will be.</summary>
    public IEnumerable<string> Directories =>
        plan.To is { } to ? [Posix.StatusOrNull(to) is null ? Path.GetDirectoryName(to)! : to] : Targets.Select(target => Path.GetDirectoryName(target.Target)!);

    private HashSet<string> Names => [.. Targets.Select(target => target.Source.Name)];

    /// <summary>The name that what a target holds now will be kept under.</summary>
    public string KeptName(RestoreTarget target) => RestoreInPlace.KeptName(target.Target, stamp);

    /// <summary>Files and bytes that would be restored.</summary>
    public (long Files, long Bytes) Count() => What.Count(Names, plan);

    /// <summary>The packs that the restore reads, each once; none if it is not of a snapshot.</summary>
    public List<PackInfo> NeededPacks() => (What as RestoreSnapshot)?.NeededPacks(Names, plan) ?? [];

    /// <exception cref="UserError">Nothing was restored, and everything is as it was.</exception>
    public RestoreResult Run()
    {
        try
        {
            return plan.To is { } directory ? RunInto(directory) : RunInPlace();
        }
        catch (PosixError e)
        {
            throw UserError.Failed(
                $"cannot write {plan.To ?? string.Join(" and ", Targets.Select(t => t.Target))}: {e.Message}",
                e.Number switch
                {
                    PosixError.NoSpace or PosixError.QuotaExceeded => "the disk is full; nothing was changed",
                    PosixError.InputOutput => "nothing was changed; the kernel's log ('journalctl -k') may tell why",
                    _ => "nothing was changed; run as root to restore to any place and to give files back to their owners",
                },
                e);
        }
    }

    private RestoreTarget Target(SourceSummary source)
    {
        var place = plan.To is null
            ? source.Path
            : source.Kind == SourceKind.Database
                ? Path.Combine(plan.To, source.Name, Path.GetFileName(source.Path))
                : Path.Combine(plan.To, source.Name);
        return new RestoreTarget(source, place) { Exists = Posix.StatusOrNull(place) is not null };
    }

    /// <exception cref="UserError">A path that was asked for is not there.</exception>
    private static PathSelection Select(IRestorable what, RestorePlan plan)
    {
        var among = what.Sources.Where(source => plan.Only is null || source.Kind == plan.Only).Select(source => source.Name).ToHashSet();
        if (plan.Paths.Count == 0 || among.Count == 0)
        {
            return PathSelection.Everything;
        }

        var selection = new PathSelection(plan.Paths, what.Sources);
        what.EachPath(among, selection.Note);
        var unmatched = selection.Unmatched.Select(path => $"'{path}'").ToList();
        return unmatched.Count == 0 ? selection : throw UserError.Failed(
            $"nothing in {what.Title} matches {string.Join(" or ", unmatched)}", $"'vertex-ar-backup show {what.Id} --files' shows what is there");
    }

    private bool IsRestorable(SourceSummary source) =>
        source.State != SourceState.Missing && (source.State != SourceState.Damaged || plan.Damaged);

    /// <summary>What the snapshot has only in name, or was saved damaged.</summary>
    private void CheckLeftOut()
    {
        foreach (var source in What.Sources.Where(s => (plan.Only is null || s.Kind == plan.Only) && !IsRestorable(s)))
        {
            var (what, hint) = source.State == SourceState.Missing
                ? ($"'{source.Name}' is not in {What.Title}: {source.Reason}", "restore it from an older snapshot")
                : ($"'{source.Name}' was damaged when {What.Title} was taken: {source.Reason}", "restore it from an older snapshot; --damaged restores the damaged copy");
            if (Targets.Count == 0)
            {
                throw UserError.Failed(what, hint);
            }

            progress.Say(Severity.Warning, $"{what}; it is left as it is ({hint})");
        }
    }

    private void Check()
    {
        CheckLeftOut();
        if (Targets.Count == 0)
        {
            throw UserError.Failed($"{What.Title} is a {What.Type.Word()} backup and holds nothing of that kind");
        }

        if (plan.To is { } directory)
        {
            CheckDirectory(directory);
            return;
        }

        foreach (var target in Targets)
        {
            CheckTarget(target);
        }

        RestoreInPlace.RefuseIfInUse(Targets);
    }

    private void CheckTarget(RestoreTarget target)
    {
        if (!Path.IsPathFullyQualified(target.Target) || Path.GetFileName(target.Target).Length == 0)
        {
            throw UserError.Failed($"{What.Title} says that '{target.Source.Name}' was at '{target.Target}', which is no place to restore to", "restore elsewhere with --to DIR");
        }

        if (Posix.StatusOrNull(Path.GetDirectoryName(target.Target)!) is not { IsDirectory: true })
        {
            throw UserError.Failed($"the directory {Path.GetDirectoryName(target.Target)} does not exist", "make it, or restore elsewhere with --to DIR");
        }

        foreach (var left in RestoreInPlace.LeftBehind(target))
        {
            progress.Say(Severity.Warning, $"{left} was left by a restore that was killed; look into it, and delete it when nothing in it is missed");
        }
    }

    private static void CheckDirectory(string directory)
    {
        switch (Posix.StatusOrNull(directory))
        {
            case { IsDirectory: false }:
                throw UserError.Failed($"{directory} is not a directory");
            case { } when Directory.EnumerateFileSystemEntries(directory).Any():
                throw UserError.Failed($"the directory {directory} is not empty", "name a new or an empty one, so that nothing of yours is mixed up with what is restored");
            case null when Posix.StatusOrNull(Path.GetDirectoryName(directory)!) is not { IsDirectory: true }:
                throw UserError.Failed($"the directory {Path.GetDirectoryName(directory)} does not exist");
        }
    }

    private RestoreResult RunInto(string directory)
    {
        var isNew = Posix.StatusOrNull(directory) is null;
        if (isNew)
        {
            Posix.MakeDirectory(Posix.Here, Posix.Bytes(directory), 0x1C0);
        }

        var mark = Path.Combine(directory, UnfinishedMark);
        var roots = Targets.ToDictionary(t => t.Source.Name, t => Path.Combine(directory, t.Source.Name));
        try
        {
            AtomicFile.Create(mark).Dispose();
            var result = Fill(roots);
            AtomicFile.RemoveIfThere(mark);
            return result;
        }
        catch
        {
            made.ForEach(DirectoryTree.Remove);
            AtomicFile.RemoveIfThere(mark);
            if (isNew)
            {
                Posix.Remove(Posix.Here, Posix.Bytes(directory), directory: true);
            }

            throw;
        }
    }

    private RestoreResult RunInPlace()
    {
        var scratch = Targets.ToDictionary(t => t.Source.Name, t => RestoreInPlace.Scratch(t, stamp));
        using var place = new RestoreInPlace(stamp, progress);
        try
        {
            var result = Fill(scratch);
            RestoreInPlace.RefuseIfInUse(Targets);
            stop.ThrowIfCancellationRequested();
            progress.Phase = "putting in place";
            foreach (var target in Targets.Where(t => Directory.Exists(scratch[t.Source.Name])))
            {
                Prepare(place, target, scratch[target.Source.Name]);
            }

            place.Swap();
            return result with { KeptAside = place.Kept };
        }
        catch (Exception e)
        {
            // In this order, and not in a finally: were a step back to fail, a scratch directory might hold the old tree.
            place.Undo(e);
            made.ForEach(DirectoryTree.Remove);

            throw;
        }
    }

    private void Prepare(RestoreInPlace place, RestoreTarget target, string scratch)
    {
        if (plan.Paths.Count > 0)
        {
            place.PrepareFiles(target, scratch);
        }
        else
        {
            place.Prepare(target, scratch);
        }
    }

    /// <summary>Restores into empty directories, one for each source, and puts them on disk.</summary>
    private RestoreResult Fill(Dictionary<string, string> roots)
    {
        progress.Phase = "restoring";
        if (plan.Paths.Count == 0)
        {
            progress.Expect(Units.Sum(Targets.Select(t => t.Source.Bytes)));
        }

        foreach (var root in roots.Values)
        {
            Posix.MakeDirectory(Posix.Here, Posix.Bytes(root), 0x1C0);
            made.Add(root);
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root));
            RestoreMetadata.RemoveInherited(directory);
        }

        var filled = What.Fill(roots, plan);
        if (plan.Paths.Count > 0 && filled.Files == 0 && filled.Matched.Count == 0)
        {
            throw UserError.Failed($"nothing in {What.Title} matches {string.Join(" or ", plan.Paths.Select(p => $"'{p}'"))}", $"'vertex-ar-backup show {What.Id} --files' shows what is there");
        }

        Settle(roots, filled.Matched);
        filled.Losses.Report(progress);
        return new RestoreResult(filled.Files - filled.Damaged.Count - filled.Losses.SpecialFiles, filled.Bytes, [], filled.Damaged) { Losses = filled.Losses };
    }

    /// <summary>Puts what was restored on disk, and removes the directories of sources of which nothing was wanted.</summary>
    private static void Settle(Dictionary<string, string> roots, IReadOnlySet<string> matched)
    {
        foreach (var (name, root) in roots)
        {
            if (!matched.Contains(name))
            {
                DirectoryTree.Remove(root);
                continue;
            }

            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root));
            Posix.SyncFileSystem(directory);
        }
    }
}
