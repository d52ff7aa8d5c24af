using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Which entries of a list are asked for by paths. Whether a path is the name of something, or else a pattern, only the list
/// can say: all of it is shown first, with <see cref="Note"/>.
/// </summary>
internal sealed class PathSelection
{
    private readonly List<Choice> choices;

    /// <param name="paths">What was asked for; empty for everything.</param>
    /// <param name="sources">What the list's first names stand for.</param>
    public PathSelection(IReadOnlyList<string> paths, IReadOnlyList<SourceSummary> sources) =>
        choices = [.. paths.Select(path => new Choice(new PathChoice(path, sources)))];

    /// <summary>All of it.</summary>
    public static PathSelection Everything { get; } = new([], []);

    /// <summary>What was asked for and fits nothing.</summary>
    public IEnumerable<string> Unmatched => choices.Where(choice => choice.Best == PathFit.None).Select(choice => choice.Path.Text);

    /// <summary>Sources of which something is asked for, if only a directory.</summary>
    public IReadOnlySet<string> Sources => choices.SelectMany(choice => choice.Sources).ToHashSet();

    /// <summary>Shows an entry of the list.</summary>
    public void Note(ReadOnlySpan<byte> path, bool isDirectory)
    {
        foreach (var choice in choices)
        {
            var fit = choice.Path.Of(path, isDirectory);
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

        return false;
    }

    private sealed class Choice(PathChoice path)
    {
        public PathChoice Path => path;

        public PathFit Best { get; set; }

        public HashSet<string> Sources { get; } = [];
    }
}
