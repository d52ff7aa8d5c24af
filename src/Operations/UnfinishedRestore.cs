using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Restores in place that were killed: finds them by their journals, finishes them or takes them back.</summary>
internal static class UnfinishedRestore
{
    /// <summary>The journals of targets, each once.</summary>
    /// <param name="targets">Paths of databases and trees.</param>
    public static IReadOnlyList<string> Find(IEnumerable<string> targets) =>
        [.. targets.SelectMany(target => RestoreNames.Journals(RealPath.Of(target))).Select(RestoreJournal.Resolve).Distinct(StringComparer.Ordinal)];

    /// <summary>Clears away what killed restores of these targets left that changed nothing, and refuses where one changed something.</summary>
    /// <exception cref="UserError">Names the commands that finish it or take it back.</exception>
    public static void Settle(IEnumerable<string> targets, RunProgress progress)
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
                case null:
                    AtomicFile.RemoveIfThere(path);
                    break;
                case RestoreStage.Begun or RestoreStage.TakingBack:
                    throw UserError.Failed(Describe(journal), Advice(journal));
                case RestoreStage.Staging or RestoreStage.Ended:
                    progress.Say(Severity.Information, $"removing what a restore left that was killed {(journal.Stage == RestoreStage.Staging ? "before it changed anything" : "when it was done")}: {path}");
                    CleanUp(journal, null, progress);
                    break;
                default:
                    throw new NotSupportedException(journal.Stage.ToString());
            }
        }
    }

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
                throw UserError.Failed($"the restore of {journal.Head.What} was killed before it changed anything: there is nothing to continue", "begin it again, which removes what it left");
            case RestoreStage.TakingBack:
                throw UserError.Failed(Describe(journal), Advice(journal));
            case RestoreStage.Begun:
                using (var executor = new RestoreExecutor())
                {
                    Prepare(journal);
                    executor.Finish(journal.Steps);
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
    /// <exception cref="UserError">The disk was changed meanwhile, or the restore is complete.</exception>
    public static void Undo(RestoreJournal journal, RunProgress progress)
    {
        if (journal.Stage is RestoreStage.Begun or RestoreStage.TakingBack)
        {
            Prepare(journal);
        }

        var isEnded = journal.Stage == RestoreStage.Ended;
        TakeBack(journal, progress, mayBeWritten: !isEnded);
        if (isEnded)
        {
            RequireEnd(journal, isTakenBack: true);
        }
    }

    /// <summary>Takes back what a restore did, and removes what it made.</summary>
    /// <param name="journal">Its journal.</param>
    /// <param name="progress">Is given warnings.</param>
    /// <param name="mayBeWritten">The application may have been at work in what is taken away: what it wrote is kept.</param>
    public static void TakeBack(RestoreJournal journal, RunProgress progress, bool mayBeWritten = false)
    {
        using var executor = new RestoreExecutor();
        if (journal.Stage is RestoreStage.Begun or RestoreStage.TakingBack)
        {
            if (journal.Stage == RestoreStage.Begun)
            {
                Try(journal.BeginTakingBack);
            }

            executor.TakeBack(journal.Steps);
            executor.Sync(journal.Steps);
            Try(journal.End);
            executor.LeftOver.ForEach(path => progress.Say(Severity.Warning, $"{path} was made by the restore and stays, since something is in it"));
        }

        CleanUp(journal, executor, progress, back: true, mayBeWritten);
    }

    /// <summary>Removes scratch directories and journal. What fails here changes nothing that matters, and is only named.</summary>
    public static void CleanUp(RestoreJournal journal, RestoreExecutor? executor, RunProgress progress, bool back = false, bool mayBeWritten = false)
    {
        try
        {
            foreach (var path in journal.Head.Scratch)
            {
                if (mayBeWritten && journal.Steps.Count > 0 && IsWritten(path, journal.Head.Stamp))
                {
                    progress.Say(Severity.Warning, $"{path} holds files that were written while they were in place; it is kept, to be looked into and deleted");
                    continue;
                }

                DirectoryTree.Remove(path);
            }

            journal.Remove();
            executor?.SetTimes(journal.Steps, back);
        }
        catch (PosixError e)
        {
            progress.Say(Severity.Warning, $"what a restore left could not be removed: {e.Message}; the next restore of the same place tries again, see {journal.Path}");
        }
    }

    /// <summary>Nobody may be at work in what is moved, and a log that came meanwhile belongs to the database that is there.</summary>
    private static void Prepare(RestoreJournal journal)
    {
        var files = journal.Head.Targets.Where(path => Posix.StatusOrNull(path) is { IsRegular: true }).ToList();
        RestoreInPlace.RefuseIfInUse(files);
        files.ForEach(RestoreInPlace.FoldLogIn);
    }

    /// <summary>Whether somebody wrote to what was restored: a file or link has a time after the restore began, or was there before it and was moved in.</summary>
    private static bool IsWritten(string path, string stamp)
    {
        try
        {
            var began = DateTimeOffset.ParseExact(
                stamp, "yyyyMMdd'T'HHmmss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal);
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path));
            return IsWritten(directory, FileTime.From(began));
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound)
        {
            return false;
        }
    }

    private static bool IsWritten(SafeFileHandle directory, FileTime began)
    {
        foreach (var name in DirectoryNames.Read(directory))
        {
            var status = Posix.StatusAt(directory, name);
            if (status.IsDirectory)
            {
                using var inside = Posix.OpenDirectory(directory, name);
                if (IsWritten(inside, began))
                {
                    return true;
                }
            }
            else if (status.IsSymlink ? status.Modified > began : status.IsRegular && ((status.Modified > began && status.Size > 0) || IsOlder(status, began)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What was restored was made after the restore began; not every file system says when.</summary>
    private static bool IsOlder(in FileStatus status, FileTime began) => status.Born > default(FileTime) && began > status.Born;

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
