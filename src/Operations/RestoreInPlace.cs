using System.Text;
using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Puts restored sources where they belong, once all of them are complete and on disk, and keeps what was there:
/// <code>
/// Begin    the journal, then scratch directories on the mounts of the targets      (RestoreJournal, RestoreSpot)
/// -        the caller restores into them
/// Plan     what is live now against what was restored: steps                       (TreeSurvey, RestorePlanner)
/// Run      steps into the journal; each is done; all is synced; the end is written  (RestoreExecutor)
/// TakeBack all steps that are done, the last first
/// </code>
/// A kill before Run changes nothing. A kill within leaves the journal, by which <see cref="UnfinishedRestore"/> finishes the
/// restore or takes it back.
/// </summary>
internal sealed class RestoreInPlace : IDisposable
{
    private readonly List<RestoreSpot> spots;
    private readonly string title;
    private readonly string stamp;
    private readonly RunProgress progress;
    private readonly NamedPlaces places = new();
    private readonly RestorePlanner planner;
    private RestoreJournal? journal;

    /// <param name="targets">What is replaced.</param>
    /// <param name="neighbours">What is not, wherever it lies.</param>
    /// <param name="title">What is restored, for messages.</param>
    /// <param name="stamp">The time, for names.</param>
    /// <param name="progress">Is given warnings.</param>
    public RestoreInPlace(IReadOnlyList<RestoreTarget> targets, RestoreNeighbours neighbours, string title, string stamp, RunProgress progress)
    {
        (this.title, this.stamp, this.progress) = (title, stamp, progress);
        spots = RestoreSpot.Of(targets, neighbours, stamp);
        planner = new RestorePlanner(places, stamp);
    }

    /// <summary>Where things were put that are not in place any more.</summary>
    public IReadOnlyList<string> Kept => planner.Kept;

    /// <summary>What was left as it is because the snapshot does not say whether it was there.</summary>
    public IEnumerable<string> Unsure => spots.SelectMany(spot => spot.Survey.Unsure.Select(below => Path.Combine(spot.Path, Encoding.UTF8.GetString(below))));

    /// <summary>What could not take its place, since something else has to stay there, and where it is.</summary>
    public IReadOnlyList<PathWarning> NotInPlace => planner.NotInPlace;

    /// <summary>Where each source is to be restored to first, by its name.</summary>
    public IReadOnlyDictionary<string, RestoreRoot> Roots => spots.ToDictionary(spot => spot.Name, spot => spot.Root);

    /// <summary>Makes the journal and the scratch directories.</summary>
    /// <param name="onlyFiles">Each file by itself; which, is known when they are restored.</param>
    /// <exception cref="UserError">A database in a tree is in use.</exception>
    public void Begin(bool onlyFiles = false)
    {
        spots.ForEach(spot => spot.Target.RequireSame());
        spots.SelectMany(spot => spot.Regions.Values).SelectMany(region => new[] { region.Scratch, region.Kept }).ToList().ForEach(LinklessNames.Add);
        spots.ForEach(spot => spot.RequireReplaceable());
        spots.ForEach(spot => spot.RequireWritable());
        RestoreInUse.Refuse(RestoreInUse.In(spots, (spot, _) => !onlyFiles && !spot.Target.Gaps.MayBeMore));
        var regions = spots.SelectMany(spot => spot.Regions.Values).ToList();
        var journals = spots.Where(spot => spot.IsFound).Select(spot => RestoreNames.Journal(spot.Scratch)).Distinct().ToList();
        journal = RestoreJournal.Create(journals[0], new RestoreHead(
            stamp,
            title,
            [.. spots.Select(spot => spot.Path)],
            [.. regions.SelectMany(region => new[] { region.Scratch, region.Probe })],
            journals[1..])
        {
            Databases = [.. spots.Where(spot => spot.IsDatabase).Select(spot => spot.Path)],
            Above = Above(regions.Select(region => region.Scratch).Concat(spots.Select(spot => spot.Path))),
        });
        foreach (var region in regions)
        {
            Posix.MakeDirectory(Posix.Here, Posix.Bytes(region.Scratch), 0x1C0);
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(region.Scratch));
            RestoreMetadata.RemoveInherited(directory);
        }
    }

    /// <summary>Plans the steps, now that everything is restored and on disk.</summary>
    /// <param name="matched">Sources of which something was restored; the others play no part.</param>
    /// <param name="onlyFiles">Each file by itself, and everything else stays.</param>
    /// <param name="stop">Ends what may take long.</param>
    /// <exception cref="UserError">Something cannot be replaced; nothing was changed.</exception>
    public void Plan(IReadOnlySet<string> matched, bool onlyFiles, CancellationToken stop)
    {
        var wanted = spots.FindAll(spot => matched.Contains(spot.Name) && (spot.IsTree || spot.IsRestored));
        // Before the survey, which so sees them for what they are.
        var regions = wanted.ToDictionary(spot => spot.Name, spot => spot.MakeRegions());
        wanted.ForEach(spot => spot.LookAgain(onlyFiles));
        RestoreInUse.Refuse(RestoreInUse.In(wanted, (spot, below) => !onlyFiles || spot.HasFresh(places, below)));
        foreach (var spot in wanted.Where(spot => spot.IsDatabase && places.StatusOrNull(Posix.Bytes(spot.Path)) is { IsRegular: true }))
        {
            RestoreOtherNames.FoldLogIn(spot.Path, stop);
        }

        foreach (var spot in wanted)
        {
            TakeOutOfOthers(spot, wanted);
        }

        foreach (var spot in wanted)
        {
            Plan(spot, regions[spot.Name], onlyFiles);
            PlanAbove(spot, wanted, onlyFiles);
        }
    }

    /// <summary>Does what is planned.</summary>
    /// <param name="outcome">How much of what was asked for that is.</param>
    public void Run(RestoreOutcome outcome)
    {
        using var executor = new RestoreExecutor(RestoreAim.Run, text => progress.Say(Severity.Warning, text));
        var steps = planner.Steps;
        StagedContent.Write(RestoreNames.Staged(journal!.Path), journal.Head.Scratch, steps);
        journal.Begin(steps, planner.Touched, outcome);
        executor.Run(steps);
        executor.Sync(steps);
        journal.End();
        UnfinishedRestore.CleanUp(journal, executor, progress);
    }

    /// <summary>Takes back what was done, and removes what was made for it.</summary>
    /// <exception cref="UserError">That failed too; says what is where.</exception>
    public void TakeBack(Exception cause)
    {
        if (journal is null)
        {
            return;
        }

        try
        {
            UnfinishedRestore.TakeBack(journal, progress);
        }
        catch (Exception e) when (e is PosixError or UserError)
        {
            throw UserError.Failed(
                $"putting in place failed ({cause.Message}), and so did taking back what was done ({e.Message}): some of it may be the snapshot's now and some as it was",
                $"what was there is kept under names with '.before_restore_{stamp}' or '.restore_{stamp}'; delete nothing of that, and when that trouble is over, {UnfinishedRestore.Advice(journal)}",
                e);
        }
    }

    public void Dispose()
    {
        journal?.Dispose();
        places.Dispose();
    }

    private static List<DirectoryTime> Above(IEnumerable<string> paths) =>
    [
        .. paths.Select(path => Path.GetDirectoryName(path)!).Distinct(StringComparer.Ordinal)
            .Select(above => (Path: above, Status: Posix.StatusOrNull(above))).Where(above => above.Status is not null)
            .Select(above => new DirectoryTime(above.Path, above.Status!.Value.Modified)),
    ];

    private void Plan(RestoreSpot spot, IReadOnlyDictionary<string, RestoreRegion> regions, bool onlyFiles)
    {
        if (spot.IsMount)
        {
            progress.Say(Severity.Information, $"{spot.Path} is a mount point: its entries are replaced one by one");
        }

        foreach (var file in spot.Survey.BoundFiles)
        {
            progress.Say(Severity.Warning, $"{file} is mounted at another place too, which goes on showing the old file if it is replaced: mount it there once more");
        }

        if (!spot.IsTree)
        {
            foreach (var other in spot.IsDatabase ? [] : MountTable.Read().FileMounts(spot.Path, MountTable.ReadOthers()))
            {
                progress.Say(Severity.Warning, $"{spot.Path} is mounted by itself as {other} too, which goes on showing the old file: mount it there once more, or restart the container");
            }

            var (path, fresh) = (Posix.Bytes(spot.Path), Posix.Bytes(spot.FreshFile));
            planner.ReplaceFile(path, fresh, spot.Companions, regions[""].Probe);
        }
        else if (onlyFiles)
        {
            planner.MergeTree(spot.Survey, regions);
        }
        else
        {
            planner.ReplaceTree(spot.Survey, regions, spot.IsMount);
        }
    }

    /// <summary>
    /// What another source restores is not put in place by the tree around it as well: a snapshot may have it twice, the tree's
    /// copy being one that was not taken with the database's own means.
    /// </summary>
    private void TakeOutOfOthers(RestoreSpot inner, List<RestoreSpot> all)
    {
        foreach (var outer in all.Where(outer => outer != inner && outer.Contains(inner.Path)))
        {
            var copy = outer.InScratch(inner.Path);
            var above = Path.GetDirectoryName(copy)!;
            if (places.StatusOrNull(Posix.Bytes(above)) is not { IsDirectory: true } directory || IsLinkToOther(copy, inner))
            {
                continue;
            }

            foreach (var path in inner.Companions.Select(end => copy + end).Prepend(copy))
            {
                if (Posix.StatusOrNull(path) is { IsDirectory: true })
                {
                    DirectoryTree.Remove(path);
                }
                else
                {
                    AtomicFile.RemoveIfThere(path);
                }
            }

            using var opened = Posix.OpenDirectory(Posix.Here, Posix.Bytes(above));
            RestoreMetadata.IfPlaceCan(() => Posix.SetModified(opened, directory.Modified));
        }
    }

    /// <summary>The snapshot has a link where the source itself is now: that is put next to it, and named.</summary>
    private bool IsLinkToOther(string copy, RestoreSpot inner) =>
        places.StatusOrNull(Posix.Bytes(copy)) is { IsSymlink: true } && places.StatusOrNull(Posix.Bytes(inner.Path)) is { IsSymlink: false };

    /// <summary>Directories above a source that its tree, as restored, has not.</summary>
    private void PlanAbove(RestoreSpot outer, List<RestoreSpot> all, bool onlyFiles)
    {
        foreach (var inner in all.Where(inner => all.FindLast(spot => spot.Contains(inner.Path)) == outer))
        {
            var missing = new Stack<string>();
            var above = Path.GetDirectoryName(inner.Path)!;
            for (; above != outer.Path && !outer.WillHave(above, onlyFiles); above = Path.GetDirectoryName(above)!)
            {
                missing.Push(above);
            }

            var like = Posix.StatusOrNull(outer.Scratch) ?? Posix.StatusOrNull(outer.Path)!.Value;
            foreach (var path in missing)
            {
                planner.Ensure(Posix.Bytes(path), like);
            }

            if (Posix.StatusOrNull(above) is null && Posix.StatusOrNull(outer.InScratch(above)) is { IsDirectory: true } fresh)
            {
                planner.Settle(Posix.Bytes(above), fresh);
            }
        }
    }

    /// <summary>
    /// Lets SQLite write a left-over log into the old database, as the application's next start would have done. After that
    /// one file is the whole database, and can be replaced in one instant. Beside an empty file there is nothing to write it into, and what a stranger put there is not to be: it is kept as it is.
    /// </summary>
    /// <exception cref="UserError">SQLite can read the old database and yet not do that.</exception>
    internal static void FoldLogIn(string path, CancellationToken stop)
    {
        if (SqliteJournal.RemovedWhenOpened(path) is not null || SqliteJournal.OfStranger(path) is not null)
        {
            return;
        }

        try
        {
            DatabaseWork.FoldLogIn(path, stop);
        }
        catch (SqliteException e) when (SqliteFile.IsDamage(e))
        {
            // That may be why it is being replaced.
        }
        catch (Exception e) when (e is SqliteException or PosixError)
        {
            throw UserError.Failed(
                $"the log of the old database {path} could not be written into it, so that it could be kept whole: {e.Message}",
                "nothing was changed; restore elsewhere with --to DIR, or move the old database away with its -wal and -journal", e);
        }
    }
}
