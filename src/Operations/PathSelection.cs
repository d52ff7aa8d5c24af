using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Which entries of a list are asked for by paths. Whether a path is the name of something, or else a pattern, only the list
/// can say: all of it is shown first, with <see cref="Note"/>.
/// </summary>
internal sealed class PathSelection
{
    private const int MostNamed = 5;

    private readonly List<Choice> choices;
    private readonly List<byte[]> companions = [];
    private readonly HashSet<string> along = [];

    /// <param name="paths">What was asked for; empty for everything.</param>
    /// <param name="sources">What the list's first names stand for.</param>
    public PathSelection(IReadOnlyList<string> paths, IReadOnlyList<SourceSummary> sources) =>
        choices = [.. paths.Select(path => new Choice(new PathChoice(path, sources)))];

    /// <summary>All of it.</summary>
    public static PathSelection Everything { get; } = new([], []);

    /// <summary>What was asked for and fits nothing.</summary>
    public IEnumerable<string> Unmatched => choices.Where(choice => choice.Best == PathFit.None).Select(choice => choice.Path.Text);

    /// <summary>Sentences on paths that are printed for more than one name.</summary>
    public IEnumerable<string> Alike => choices.Select(choice => choice.SayAlike()).OfType<string>();

    /// <summary>Sources of which something is asked for, if only a directory.</summary>
    public IReadOnlySet<string> Sources => choices.SelectMany(choice => choice.Sources).ToHashSet();

    /// <summary>
    /// Names that are asked for, and in the list have next to them what belongs to them if they are SQLite databases, which was not asked for: for
    /// <see cref="TakeAlong"/>. Whether they are, and are in the list at all, is not known here.
    /// </summary>
    public IReadOnlySet<string> MaybeDatabases => companions
        .Where(path => IsWanted(SqliteCompanions.DatabaseOf(path), isDirectory: false) && !IsWanted(path, isDirectory: false))
        .Select(path => Key(SqliteCompanions.DatabaseOf(path))).ToHashSet();

    /// <summary>A path as a key: one character for each byte.</summary>
    public static string Key(ReadOnlySpan<byte> path) => Encoding.Latin1.GetString(path);

    /// <summary>Asks for all that belongs to databases, without which they would lack rows.</summary>
    /// <param name="databases">Their paths as keys.</param>
    public void TakeAlong(IReadOnlySet<string> databases) =>
        along.UnionWith(companions.Where(path => databases.Contains(Key(SqliteCompanions.DatabaseOf(path)))).Select(path => Key(path)));

    /// <summary>Shows an entry of the list.</summary>
    public void Note(ReadOnlySpan<byte> path, bool isDirectory)
    {
        if (!isDirectory && !SqliteCompanions.DatabaseOf(path).IsEmpty)
        {
            companions.Add(path.ToArray());
        }

        foreach (var choice in choices)
        {
            var fit = choice.Path.Of(path, isDirectory);
            if (choice.Path.IsPrintOf(path))
            {
                choice.Alike.Add((path.ToArray(), fit));
            }

            if (fit > choice.Best)
            {
                choice.Best = fit;
                choice.Sources.Clear();
            }

            if (fit == choice.Best && fit != PathFit.None)
            {
                choice.Sources.Add(ListPath.Source(path));
            }
        }
    }

    /// <summary>Whether an entry is asked for.</summary>
    public bool IsWanted(ReadOnlySpan<byte> path, bool isDirectory)
    {
        if (choices.Count == 0)
        {
            return true;
        }

        foreach (var choice in choices)
        {
            // Where nothing was shown, nothing fits.
            if (choice.Best != PathFit.None && choice.Path.Of(path, isDirectory) >= choice.Best)
            {
                return true;
            }
        }

        return along.Count > 0 && !isDirectory && along.Contains(Key(path));
    }

    private sealed class Choice(PathChoice path)
    {
        public PathChoice Path => path;

        public PathFit Best { get; set; }

        public HashSet<string> Sources { get; } = [];

        /// <summary>What is printed like this, and how each fits.</summary>
        public List<(byte[] Path, PathFit Fit)> Alike { get; } = [];

        public string? SayAlike()
        {
            var (chosen, others) = (Alike.FindAll(one => one.Fit >= Best), Alike.FindAll(one => one.Fit < Best));
            var shown = ArgumentBytes.Shown(Path.Text);
            return Best is PathFit.Print or PathFit.PrintBelowTop && chosen.Count > 1
                    ? $"'{shown}' is how {Units.Count(chosen.Count, "name")} are printed, all of which are chosen; for one alone, give its bytes: {Words(chosen)}"
                : Best is PathFit.Name or PathFit.NameBelowTop && chosen.Count > 0 && others.Count > 0
                    ? $"'{shown}' is one name as it is, and also how {Units.Count(others.Count, "other")} {(others.Count == 1 ? "is" : "are")} printed, which {(others.Count == 1 ? "is" : "are")} not chosen: {Words(others)}"
                : null;
        }

        private static string Words(List<(byte[] Path, PathFit Fit)> alike) =>
            string.Join(", ", alike.Take(MostNamed).Select(one => ShellWord.Of(one.Path))) + (alike.Count > MostNamed ? ", …" : "");
    }
}
