using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Finds what <c>--path</c> asks for, or says why it is not there.</summary>
internal static class RestoreSelection
{
    /// <exception cref="UserError">A path that was asked for is not there.</exception>
    public static PathSelection Of(IRestorable what, RestorePlan plan, RunProgress progress)
    {
        var among = what.Sources.Where(source => plan.Only is null || source.Kind == plan.Only).Select(source => source.Name).ToHashSet();
        if (plan.Paths.Count == 0 || among.Count == 0)
        {
            return PathSelection.Everything;
        }

        var selection = new PathSelection(plan.Paths, what.Sources);
        what.EachPath(among, selection.Note);
        var unmatched = selection.Unmatched.ToList();
        if (unmatched.Count > 0)
        {
            throw NotThere(what, unmatched, what.Sources.Where(source => among.Contains(source.Name)));
        }

        foreach (var sentence in selection.Alike)
        {
            progress.Say(Severity.Warning, sentence);
        }

        if (selection.MaybeDatabases is { Count: > 0 } files)
        {
            selection.TakeAlong(what.SqliteFiles(files));
        }

        return selection;
    }

    /// <summary>Why paths that were asked for are not there: they could not be saved, or are in a directory that could not; or nothing is known of them.</summary>
    private static UserError NotThere(IRestorable what, List<string> paths, IEnumerable<SourceSummary> among)
    {
        var selection = new PathSelection(paths, what.Sources);
        foreach (var source in among)
        {
            foreach (var gap in what.Gaps(source).Absent)
            {
                selection.Note(gap.Path, isDirectory: false);
                var (listed, onDisk) = (Encoding.UTF8.GetString(gap.Path) + "/", Path.Combine(source.Path, Encoding.UTF8.GetString(ListPath.Below(gap.Path))) + "/");
                if (selection.IsWanted(gap.Path, isDirectory: false)
                    || paths.Exists(path => path.StartsWith(listed, StringComparison.Ordinal) || path.StartsWith(onDisk, StringComparison.Ordinal)))
                {
                    return UserError.Failed($"'{listed[..^1]}' could not be saved when {what.Title} was made: {gap.Reason}", "restore it from an older snapshot");
                }
            }
        }

        return NothingMatches(what, paths);
    }

    public static UserError NothingMatches(IRestorable what, IEnumerable<string> paths) => UserError.Failed(
        $"nothing in {what.Title} matches {string.Join(" or ", paths.Select(path => ArgumentBytes.IsText(path) ? $"'{path}'" : ShellWord.Of(path)))}", $"'vertex-ar-backup show {what.Id} --files' shows what is there");
}
