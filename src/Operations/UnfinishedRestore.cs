using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Restores in place that were killed: finds them by their journals, finishes them or takes them back.</summary>
internal static class UnfinishedRestore
{
    /// <summary>The hint where a place went away before anything was replaced there.</summary>
    public const string MayBeLeft =
        "nothing was replaced; what was made for it may be left under names with '.restore_', which the next restore of the same place removes; the kernel's log ('journalctl -k') may tell why";

    /// <summary>The journals of targets, each once.</summary>
    /// <param name="targets">Paths of databases and trees.</param>
    public static IReadOnlyList<string> Find(IEnumerable<string> targets) =>
        [.. targets.SelectMany(target => RestoreNames.Journals(RealPath.Of(target))).Select(RestorePointers.Resolve).Distinct(StringComparer.Ordinal)];

    /// <summary>Each restore once: without a file that was to name a journal and is still empty.</summary>
    public static List<RestoreJournal> Distinct(IReadOnlyList<RestoreJournal> journals) =>
        [.. journals.DistinctBy(journal => journal.Path).Where(journal => !journals.Any(other => other.Head.Pointers.Contains(journal.Path)))];

    /// <summary>Clears away what killed restores of these targets left that changed nothing, and refuses where one changed something.</summary>
    /// <exception cref="UserError">Names the commands that finish it or take it back.</exception>
    /// <param name="targets">Paths of databases and trees.</param>
    /// <param name="progress">Hears of what is removed.</param>
    /// <param name="onlyLook">Nothing is removed.</param>
    public static void Settle(IEnumerable<string> targets, RunProgress progress, bool onlyLook)
    {
        foreach (var path in Find(targets))
        {
            using var journal = RestoreJournal.Open(path, out var isRunning);
            if (isRunning)
            {
                throw new UserError(ExitCode.Locked, $"another restore of {journal!.Head.Targets[0]} is running: {path}", "wait until it is done");
            }

            switch (journal?.Stage)
            {
                case RestoreStage.Begun or RestoreStage.TakingBack:
                    throw UserError.Failed(Describe(journal), Advice(journal));
                case var _ when onlyLook:
                    break;
                case null:
                    break;
                case RestoreStage.Staging or RestoreStage.Ended:
                    progress.Say(Severity.Information, $"removing what a restore left that was killed {(journal.Stage == RestoreStage.Staging ? "before it changed anything" : "when it was done")}: {path}");
                    CleanUp(journal, null, progress, isBack: journal.Stage == RestoreStage.Staging);
                    break;
                default:
                    throw new NotSupportedException(journal.Stage.ToString());
            }
        }
    }

    /// <summary>Which restore it is; of one that was killed before its first line only the journal's name is known.</summary>
    public static string Name(RestoreJournal journal) => journal.IsEmpty ? $"the restore with the journal {journal.Path}" : $"the restore of {journal.Head.What}";

    /// <summary>What happened, as a sentence without an end.</summary>
    public static string Describe(RestoreJournal journal) =>
        $"a restore of {journal.Head.What} was killed {(journal.Stage == RestoreStage.TakingBack ? "while it was taken back" : "half done")}: {string.Join(", ", journal.Head.Targets)}";

    public static string Advice(RestoreJournal journal) => journal.Stage == RestoreStage.TakingBack
        ? "take the rest back with 'vertex-ar-backup restore --undo'"
        : "finish it with 'vertex-ar-backup restore --continue', or take it back with 'vertex-ar-backup restore --undo'";

    /// <summary>Does what is left of a restore.</summary>
    /// <returns>Where what was there before is kept is not known any more; it has the restore's time in its names.</returns>
    /// <exception cref="UserError">The disk was changed meanwhile, or taking it back has begun.</exception>
    public static void Continue(RestoreJournal journal, RunProgress progress)
    {
        switch (journal.Stage)
        {
            case RestoreStage.Staging:
                throw UserError.Failed($"{Name(journal)} was killed before it changed anything: there is nothing to continue", "'vertex-ar-backup restore --undo' removes what it left, and so does another restore");
            case RestoreStage.TakingBack:
                throw UserError.Failed(Describe(journal), Advice(journal));
            case RestoreStage.Begun:
                using (var executor = NewExecutor(RestoreAim.Continue, progress))
                {
                    Prepare(journal, progress);
                    executor.Judge(journal.Steps);
                    executor.Run(journal.Steps);
                    executor.Sync(journal.Steps);
                    journal.End();
                    CleanUp(journal, executor, progress);
                }

                break;
            case RestoreStage.Ended:
                CleanUp(journal, null, progress);
                RequireEnd(journal, isTakenBack: false);
                break;
            default:
                throw new NotSupportedException(journal.Stage.ToString());
        }
    }

    /// <summary>Only its scratch directories were left, of which nothing is missed.</summary>
    private static void RequireEnd(RestoreJournal journal, bool isTakenBack)
    {
        if (journal.IsTakenBack != isTakenBack)
        {
            throw UserError.Failed(
                $"the restore of {journal.Head.What} was {(isTakenBack ? "complete" : "taken back completely")} when it was killed, so nothing is left to do",
                isTakenBack ? $"what was there before is kept under names with '.before_restore_{journal.Head.Stamp}'" : "begin it again");
        }
    }

    /// <summary>Takes back what a restore did, as the command does that somebody gives later.</summary>
    /// <exception cref="UserError">The restore is complete, or something is in the way; nothing was taken back.</exception>
    public static void Undo(RestoreJournal journal, RunProgress progress)
    {
        if (journal.Stage is RestoreStage.Begun or RestoreStage.TakingBack)
        {
            Prepare(journal, progress);
        }

        var isEnded = journal.Stage == RestoreStage.Ended;
        TakeBack(journal, progress);
        if (isEnded)
        {
            RequireEnd(journal, isTakenBack: true);
        }
    }

    /// <summary>Takes back what a restore did, and removes what it made and nothing else.</summary>
    /// <exception cref="UserError">Something is in the way; nothing was taken back.</exception>
    public static void TakeBack(RestoreJournal journal, RunProgress progress)
    {
        using var executor = NewExecutor(RestoreAim.Undo, progress);
        var isBack = journal.IsTakenBack || journal.Stage != RestoreStage.Ended;
        if (journal.Stage is RestoreStage.Begun or RestoreStage.TakingBack)
        {
            // From the mark on there is no other way, so nothing may be in this one.
            executor.Judge(journal.Steps);
            if (journal.Stage == RestoreStage.Begun)
            {
                Try(journal.BeginTakingBack);
            }

            executor.Run(journal.Steps);
            executor.Sync(journal.Steps);
            Try(() => journal.MakeUp(isTakenBack: true));
        }

        CleanUp(journal, isBack ? executor : null, progress, isBack);
    }

    /// <summary>Removes scratch directories and journal. What fails here changes nothing that matters, and is only named.</summary>
    public static void CleanUp(RestoreJournal journal, RestoreExecutor? executor, RunProgress progress, bool isBack = false)
    {
        try
        {
            var isAllGone = RemoveScratch(journal, progress);

            // There may be room again. If not, the journal goes all the same: of a restore whose probes are gone, nothing can be repeated.
            Try(() => journal.MakeUp(isBack));
            journal.Remove();
            executor?.SetTimes(journal.Steps);
            if (isBack && isAllGone)
            {
                GiveTimesBack(journal.Touched.Concat(journal.Head.Above));
            }
        }
        catch (Exception e) when (e is PosixError or UserError)
        {
            progress.Say(Severity.Warning, $"what a restore left could not be removed: {e.Message}; the next restore of the same place tries again, see {journal.Path}");
        }
    }

    /// <summary>As soon as steps may have been done, whatever is left of the journal, only what the restore is known to have made.</summary>
    private static bool RemoveScratch(RestoreJournal journal, RunProgress progress)
    {
        var staged = StagedContent.Read(RestoreNames.Staged(journal.Path));
        if (journal.Stage == RestoreStage.Staging && !staged.IsComplete)
        {
            journal.Head.Scratch.ToList().ForEach(DirectoryTree.Remove);
            return true;
        }

        var isAllGone = true;
        foreach (var path in journal.Head.Scratch)
        {
            if (staged.Remove(path) is { Count: > 0 } left)
            {
                isAllGone = false;
                progress.Say(Severity.Warning, $"{path} is kept, for what came into it or was changed while it was in place{Names(left)}; look into it, and delete it when it is not needed");
            }
        }

        return isAllGone;
    }

    private static string Names(IReadOnlyList<string> left)
    {
        const int most = 5;
        var named = left.Where(name => name.Length > 0).Take(most).ToList();
        return named.Count == 0 ? "" : $": {string.Join(", ", named)}{(left.Count > named.Count ? $" and {left.Count - named.Count} more" : "")}";
    }

    private static void GiveTimesBack(IEnumerable<DirectoryTime> above)
    {
        foreach (var (path, modified) in above)
        {
            try
            {
                using var directory = NamedPlaces.Open(Posix.Bytes(path.TrimEnd('/')));
                RestoreMetadata.IfPlaceCan(() => Posix.SetModified(directory, modified));
            }
            catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory or PosixError.TooManySymlinks or PosixError.AccessDenied or PosixError.BadDescriptor)
            {
                // It is gone, or others put something else there; or it may not be listed by us.
            }
        }
    }

    private static RestoreExecutor NewExecutor(RestoreAim aim, RunProgress progress) => new(aim, text => progress.Say(Severity.Warning, text));

    /// <summary>
    /// Nobody may be at work in what is moved, and a log that came meanwhile belongs to the database that is there. Disks on which
    /// steps are to be done are mounted.
    /// </summary>
    private static void Prepare(RestoreJournal journal, RunProgress progress)
    {
        RequireProbes(journal);
        var databases = journal.Head.Databases.Where(path => Posix.StatusOrNull(path) is { IsRegular: true }).ToList();
        RestoreInUse.Refuse(RestoreInUse.Of(databases, text => progress.Say(Severity.Warning, text)));
        databases.ForEach(database => RestoreInPlace.FoldLogIn(database, CancellationToken.None));
    }

    /// <summary>The directories by which file systems were asked are never renamed, and are there until the end.</summary>
    private static void RequireProbes(RestoreJournal journal)
    {
        if (journal.Head.Scratch.FirstOrDefault(path => RestoreNames.IsProbe(path) && Posix.StatusOrNull(path) is null && RestoreNames.IsUsed(path, journal.Steps)) is { } missing)
        {
            throw UserError.Failed(
                $"{missing} is not there, which the restore made: what was mounted at {Path.GetDirectoryName(missing)} is not mounted any more",
                $"mount it, and repeat the command; if it is gone for good, 'mkdir {missing}' lets the rest be done");
        }
    }

    /// <summary>A disk that takes no more lines lets things be put back all the same; what is left is decided by what is there.</summary>
    private static void Try(Action mark)
    {
        try
        {
            mark();
        }
        catch (PosixError)
        {
            // See above.
        }
    }
}
