using System.Text;
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
    private readonly List<(string Path, FileIdentity What)> made = [];
    private readonly List<PathWarning> notRestored = [];

    public RestoreBackup(SnapshotStore store, Snapshot snapshot, RestorePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
        : this(new RestoreSnapshot(store, snapshot, progress, stop), plan, clock, progress, stop)
    {
    }

    public RestoreBackup(IRestorable what, RestorePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        What = what;
        this.progress = progress;
        this.stop = stop;
        this.plan = plan with { Selection = RestoreSelection.Of(what, plan, progress) };
        stamp = RestoreNames.Stamp(clock.GetUtcNow());
        Targets = [.. Chosen().Select(source => Target(source) with { Gaps = what.Gaps(source), ChosenMounts = this.plan.Paths.Count > 0 ? mounts => ChosenMounts(source, mounts) : null })];
        Check();
    }

    public IRestorable What { get; }

    /// <summary>What is restored, and where to.</summary>
    public IReadOnlyList<RestoreTarget> Targets { get; }

    /// <summary>Directories on whose disks what is restored will be.</summary>
    public IEnumerable<string> Directories =>
        plan.To is { } to ? [Posix.StatusOrNull(to) is null ? Path.GetDirectoryName(to)! : to] : Targets.Select(target => Path.GetDirectoryName(target.Place)!);

    private HashSet<string> Names => [.. Targets.Select(target => target.Source.Name)];

    /// <summary>What a restore in place will replace, keep and leave alone.</summary>
    /// <param name="withSteps">Name by name, for which the list of files is read.</param>
    /// <exception cref="UserError">It would be refused, and is not only asked for.</exception>
    public IReadOnlyList<RestoreOutlook> Outlook(bool withSteps)
    {
        var outlook = RestoreOutlook.Of(Targets, plan.Neighbours.With(What.Sources), stamp, plan.Paths.Count > 0, withSteps ? EachWanted : null);
        Refuse(outlook.SelectMany(one => one.InUse));
        return outlook;
    }

    private void EachWanted(PathTaker take) => What.EachPath(Names, (path, isDirectory) =>
    {
        if (plan.Selection.IsWanted(path, isDirectory))
        {
            take(path, isDirectory);
        }
    });

    /// <summary>Nothing is made in a mount of which nothing is asked for; it may be read-only.</summary>
    private HashSet<string> ChosenMounts(SourceSummary source, IReadOnlyList<byte[]> mounts)
    {
        var chosen = new HashSet<string>();
        What.EachPath(new HashSet<string> { source.Name }, (path, isDirectory) =>
        {
            if (plan.Selection.IsWanted(path, isDirectory))
            {
                var below = ListPath.Below(path);
                foreach (var mount in mounts)
                {
                    _ = below.StartsWith(mount) && (below.Length == mount.Length || below[mount.Length] == '/') && chosen.Add(RestoreRoot.Key(mount));
                }
            }
        });
        return chosen;
    }

    /// <summary>Files and bytes that would be restored.</summary>
    public (long Files, long Bytes) Count() => What.Count(Names, plan);

    /// <summary>Sentences on owners that are somebody else on this machine, so that who is to have the files can be asked. None where owners are not given back.</summary>
    public IReadOnlyList<string> Strangers()
    {
        var owners = new RestoreOwners();
        if (Posix.IsRoot)
        {
            What.EachEntry(Names, plan, owners.Add);
        }

        return owners.Sentences;
    }

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
                $"{CannotWrite(plan.To is { } to ? [to] : [.. Targets.Select(t => t.Target)])}: {e.Message}",
                e.Number switch
                {
                    PosixError.NoSpace or PosixError.QuotaExceeded => "the disk is full; nothing was changed",
                    _ when e.IsPlaceLost => UnfinishedRestore.MayBeLeft,
                    PosixError.ReadOnly => "nothing was changed; the disk is mounted read-only",
                    _ when Posix.IsRoot => plan.To is null ? "nothing was changed; restore elsewhere with --to DIR" : "nothing was changed; restore to another directory",
                    _ => "nothing was changed; run as root to restore to any place and to give files back to their owners",
                },
                e);
        }
    }

    private static string CannotWrite(string[] places) => places is [var one] ? $"cannot write {one}" : $"cannot restore, in one of {string.Join(", ", places)}";

    /// <summary>Sources of which no file is asked for play no part.</summary>
    private List<SourceSummary> Chosen()
    {
        var sources = What.Sources.Where(source => plan.Only is null || source.Kind == plan.Only).ToList();
        if (sources.Count == 0)
        {
            throw UserError.Failed($"{What.Title} is a {What.Type.Word()} backup and holds nothing of that kind");
        }

        var restorable = sources.FindAll(IsRestorable);
        return plan.Paths.Count == 0 ? restorable : restorable.FindAll(source => plan.Selection.Sources.Contains(source.Name));
    }

    private RestoreTarget Target(SourceSummary source)
    {
        var path = plan.To is null
            ? plan.Places.Of(source, What, plan.Neighbours)
            : source.IsOneFile
                ? Path.Combine(plan.To, source.Name, Path.GetFileName(source.Path))
                : Path.Combine(plan.To, source.Name);
        var place = plan.To is null ? RestoreLinks.Follow(source, path, What.Title) : path;
        return new RestoreTarget(source, path) { Place = place, Exists = Posix.StatusOrNull(place) is not null };
    }

    private bool IsRestorable(SourceSummary source) =>
        source.State != SourceState.Missing && (source.State != SourceState.Damaged || plan.Damaged);

    /// <summary>What the snapshot has only in name, or was saved damaged.</summary>
    private void CheckLeftOut()
    {
        foreach (var source in What.Sources.Where(s => (plan.Only is null || s.Kind == plan.Only) && !IsRestorable(s) && IsAsked(s)))
        {
            var (what, hint) = source.State == SourceState.Missing
                ? ($"'{source.Name}' is not in {What.Title}: {source.Reason}", "restore it from an older snapshot")
                : ($"'{source.Name}' was damaged when {What.Title} was taken: {source.Reason}", "restore it from an older snapshot; --damaged restores the damaged copy");
            if (Targets.Count == 0)
            {
                throw UserError.Failed(what, hint);
            }

            notRestored.Add(new PathWarning(source.Name, what));
            progress.Say(Severity.Warning, $"{what}; it is left as it is ({hint})");
        }
    }

    private bool IsAsked(SourceSummary source) => plan.Paths.Count == 0 || plan.Selection.Sources.Contains(source.Name);

    private void Check()
    {
        CheckLeftOut();
        if (!plan.IsDrill)
        {
            SayLost();
        }

        if (plan.To is { } directory)
        {
            if (!plan.IsDrill)
            {
                RequireOutsideRepositories(directory);
                RestoreInto.Require(directory);
            }

            CheckDirectory(directory);
            return;
        }

        RestoreLinks.RequireDistinct(Targets);
        foreach (var target in Targets)
        {
            plan.Places.RequireAllowed(target);
            RequireDirectoryAbove(target);
        }

        Refuse(RestoreInUse.Of(Databases, text => progress.Say(Severity.Warning, text)));
        RestoreOtherNames.Look(Databases, text => progress.Say(Severity.Warning, text)).ToList().ForEach(refusal => plan.Refuse(refusal, progress));
        UnfinishedRestore.Settle(Targets.Select(target => target.Place), progress, plan.OnlyLook);
    }

    private IEnumerable<string> Databases => Targets.Where(target => target.Source.Kind == SourceKind.Database).Select(target => target.Place);

    /// <summary>Whoever only looks need not stop the application for it.</summary>
    private void Refuse(IEnumerable<UserError> inUse)
    {
        foreach (var error in inUse)
        {
            if (!plan.OnlyLook)
            {
                throw error;
            }

            progress.Say(Severity.Warning, $"{error.Message}: until it is stopped, the restore is refused");
        }
    }

    /// <summary>Where the backup directory says that nothing else may be, later runs remove it.</summary>
    private static void RequireOutsideRepositories(string directory)
    {
        for (var above = RealPath.Of(directory); above is not null; above = Path.GetDirectoryName(above))
        {
            if (FoundRepository.IsAt(above))
            {
                throw UserError.Failed($"{directory} is in the backup directory {above}, where later runs remove what is not theirs", "name a directory outside of it");
            }
        }
    }

    /// <summary>A source that had lost its content is restored as it was: nearly nothing takes the place of what is there.</summary>
    private void SayLost()
    {
        foreach (var source in Targets.Select(target => target.Source).Where(source => source.IsMarked))
        {
            progress.Say(Severity.Warning, $"'{source.Name}' had lost its content when {What.Title} was made: {source.Shrunk!.Sentence}");
        }
    }

    /// <summary>It is there, or in a tree that is restored as well.</summary>
    private void RequireDirectoryAbove(RestoreTarget target)
    {
        var above = Path.GetDirectoryName(target.Place)!;
        if (Posix.StatusOrNull(above) is not { IsDirectory: true }
            && !Targets.Any(other => !other.Source.IsOneFile && other.Place != target.Place && PathPrefix.Holds(other.Place, target.Place)))
        {
            throw UserError.Failed(
                $"the directory {above} does not exist{(target.Place == target.Target ? "" : $", to which {target.Target} leads")}", "make it, or restore elsewhere with --to DIR");
        }
    }

    private static void CheckDirectory(string directory)
    {
        switch (Posix.StatusOrNull(directory))
        {
            case { IsDirectory: false }:
                throw UserError.Failed($"{directory} is not a directory");
            case { } when Directory.EnumerateFileSystemEntries(directory).Any():
                throw RestoreLinks.NotEmpty(directory);
            case null when Posix.StatusOrNull(Path.GetDirectoryName(directory)!) is not { IsDirectory: true }:
                throw UserError.Failed($"the directory {Path.GetDirectoryName(directory)} does not exist");
        }
    }

    private RestoreResult RunInto(string directory)
    {
        using var into = RestoreInto.Open(directory, plan.IsDrill);
        var mark = Path.Combine(into.Reach, UnfinishedMark);
        var roots = Targets.ToDictionary(t => t.Source.Name, t => new RestoreRoot(Path.Combine(into.Reach, t.Source.Name)));
        try
        {
            AtomicFile.Create(mark).Dispose();
            foreach (var root in roots.Values)
            {
                Posix.MakeDirectory(Posix.Here, Posix.Bytes(root.Path), 0x1C0);
                using var top = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root.Path));
                made.Add((root.Path, FileIdentity.Of(Posix.Status(top))));
                RestoreMetadata.RemoveInherited(top);
            }

            var (result, _) = Fill(roots);
            into.RequireThere();
            AtomicFile.RemoveIfThere(mark);
            return result with { NotSaved = NotSaved([]), SourcesNotRestored = notRestored };
        }
        catch (Exception e)
        {
            RemoveMade(into, mark, directory, e);
            throw;
        }
    }

    /// <exception cref="UserError">What was restored so far is still there.</exception>
    private void RemoveMade(RestoreInto into, string mark, string directory, Exception cause)
    {
        try
        {
            made.Where(one => one.What.Is(Posix.StatusOrNull(one.Path))).ToList().ForEach(one => DirectoryTree.Remove(one.Path));
            AtomicFile.RemoveIfThere(mark);
            into.Undo();
        }
        catch (PosixError e) when (cause is PosixError or UserError)
        {
            throw UserError.Failed(
                cause is PosixError ? $"{CannotWrite([directory])}: {cause.Message}" : cause.Message,
                $"what was restored so far could not be removed ({e.Message}): remove {directory}", cause);
        }
    }

    private RestoreResult RunInPlace()
    {
        using var place = new RestoreInPlace(Targets, plan.Neighbours.With(What.Sources), What.Title, stamp, progress);
        RestoreResult done;
        try
        {
            place.Begin(onlyFiles: plan.Paths.Count > 0);
            var (result, matched) = Fill(place.Roots);
            RestoreInUse.Refuse(RestoreInUse.Of(Databases, _ => { }));
            stop.ThrowIfCancellationRequested();
            progress.Phase = "putting in place";
            place.Plan(matched, onlyFiles: plan.Paths.Count > 0, stop);
            result = result with { NotSaved = NotSaved(place.Unsure), SourcesNotRestored = notRestored, NotInPlace = place.NotInPlace };
            place.Run(result.Outcome);
            done = result with { KeptAside = place.Kept };
        }
        catch (Exception e)
        {
            place.TakeBack(e);
            throw;
        }

        // Advice on what is in place: nothing that goes wrong here takes it back.
        DatabaseDirectories.Look(Databases, text => progress.Say(Severity.Warning, text));
        return done;
    }

    /// <summary>Restores into empty directories, one for each source, and puts them on disk.</summary>
    private (RestoreResult Result, IReadOnlySet<string> Matched) Fill(IReadOnlyDictionary<string, RestoreRoot> roots)
    {
        progress.Phase = "restoring";
        if (plan.Paths.Count == 0)
        {
            progress.Expect(Units.Sum(Targets.Select(t => t.Source.Bytes)));
        }

        var filled = What.Fill(roots, plan);
        if (plan.Paths.Count > 0 && filled.Files == 0 && filled.Matched.Count == 0)
        {
            throw RestoreSelection.NothingMatches(What, plan.Paths);
        }

        Settle(roots, filled.Matched);
        filled.Losses.Report(progress);

        // What was left out because something else that is restored has its name there gives way to that in place, too.
        foreach (var gap in filled.Losses.NotRestored.Where(gap => !AtomicFile.IsTaken($"{roots[ListPath.Source(gap.Path)].Path}/{Encoding.UTF8.GetString(ListPath.Below(gap.Path))}")))
        {
            Targets.First(target => target.Source.Name == ListPath.Source(gap.Path)).Gaps.Add(ListPath.Below(gap.Path), gap.Reason);
        }

        return (new RestoreResult(filled.Files - filled.Damaged.Count, filled.Bytes, [], filled.Damaged) { Symlinks = filled.Symlinks, Losses = filled.Losses }, filled.Matched);
    }

    /// <summary>What was asked for, and was there, and is not in the snapshot; or may have been there.</summary>
    /// <param name="unsure">What is there now and may have been.</param>
    private List<PathWarning> NotSaved(IEnumerable<string> unsure) =>
    [
        .. Targets.SelectMany(target => target.Gaps.Absent)
            .Where(gap => plan.Selection.IsWanted(gap.Path, isDirectory: false))
            .Select(gap => new PathWarning(Encoding.UTF8.GetString(gap.Path), $"could not be saved when {What.Title} was made: {gap.Reason}")),
        .. unsure.Select(path => new PathWarning(path, $"was left as it is: it is not in {What.Title}, which does not say whether it was there")),
    ];

    /// <summary>Puts what was restored on disk, and removes the directories of sources of which nothing was wanted.</summary>
    private static void Settle(IReadOnlyDictionary<string, RestoreRoot> roots, IReadOnlySet<string> matched)
    {
        foreach (var (name, root) in roots)
        {
            if (!matched.Contains(name))
            {
                DirectoryTree.Remove(root.Path);
                continue;
            }

            foreach (var path in root.Detours.Values.Prepend(root.Path))
            {
                using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path));
                DiskSync.FileSystem(directory);
            }
        }
    }
}
