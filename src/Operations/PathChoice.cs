using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Operations;

/// <summary>How closely a path fits what was asked for; the closest way that fits anything is the one that counts.</summary>
internal enum PathFit
{
    None,

    /// <summary>As a pattern.</summary>
    Pattern,

    /// <summary>By what is printed for its name below the top of its tree.</summary>
    PrintBelowTop,

    /// <summary>By its name below the top of its tree.</summary>
    NameBelowTop,

    /// <summary>By what is printed for its name in the list.</summary>
    Print,

    /// <summary>By its name in the list.</summary>
    Name,
}

/// <summary>
/// One path that was asked for: a name as it is or as lists of files are printed, or a pattern. A name stands for itself whatever characters
/// it has, and a directory's for all that is in it.
/// </summary>
internal sealed class PathChoice
{
    private const char Replacement = '\ufffd';

    private readonly byte[] name;
    private readonly string? print;
    private readonly bool directoriesOnly;
    private readonly List<byte[]> inner = [];
    private readonly Glob glob;

    /// <param name="text">As it was asked for: a path of the list, one below a tree, one on the disk, or a pattern.</param>
    /// <param name="sources">What the list's first names stand for.</param>
    public PathChoice(string text, IReadOnlyList<SourceSummary> sources)
    {
        Text = text;
        var (listed, pattern) = InListTerms(text, sources)
            ?? (text.StartsWith('/') ? InListTerms(RealPath.Of(text), sources) : null)
            ?? (text, text);
        glob = new Glob(pattern);
        directoriesOnly = listed.EndsWith('/');
        if (text.StartsWith('/'))
        {
            inner.AddRange(sources.Where(source => LiesIn(source, text.TrimEnd('/')) || LiesIn(source, RealPath.Of(text))).Select(source => Encoding.UTF8.GetBytes(source.Name)));
        }

        name = ArgumentBytes.Bytes(listed.TrimEnd('/'));

        // What is printed as it is stands for one name; where a byte was replaced or written out, for any with that print.
        print = Printable.Escape(Encoding.UTF8.GetString(name));
        print = ArgumentBytes.Shown(listed.TrimEnd('/')) == print && ArgumentBytes.IsText(text) && print.AsSpan().IndexOfAny('\\', Replacement) >= 0 ? print : null;
    }

    /// <summary>As it was asked for.</summary>
    public string Text { get; }

    /// <summary>How a path of the list fits.</summary>
    public PathFit Of(ReadOnlySpan<byte> path, bool isDirectory)
    {
        var below = ListPath.Below(path);
        var isBelow = !below.IsEmpty;
        var mayBeBelow = isBelow && name.AsSpan().Contains((byte)'/');
        return IsNamed(path, isDirectory) || IsInner(ListPath.SourceName(path)) ? PathFit.Name
            : IsPrinted(path, isDirectory) ? PathFit.Print
            : (mayBeBelow && IsNamed(below, isDirectory)) || (isBelow && !mayBeBelow && IsOneOf(below, isDirectory)) ? PathFit.NameBelowTop
            : mayBeBelow && IsPrinted(below, isDirectory) ? PathFit.PrintBelowTop
            : glob.MatchesOrContains(path, isDirectory) || (isBelow && glob.MatchesOrContains(below, isDirectory)) ? PathFit.Pattern
            : PathFit.None;
    }

    /// <summary>Whether a path of the list, and no directory above it, is printed like this one; one that is printed as it is has no such.</summary>
    public bool IsPrintOf(ReadOnlySpan<byte> path) => print is not null && (Printed(path) == print || (ListPath.Below(path) is { IsEmpty: false } below && Printed(below) == print));

    private static bool LiesIn(SourceSummary source, string directory) =>
        new[] { source.Path, RealPath.Of(source.Path) }.Any(path => path != directory && PathPrefix.Holds(directory, path));

    /// <summary>A directory on the disk takes everything below it, also what other sources have there.</summary>
    private bool IsInner(ReadOnlySpan<byte> source)
    {
        foreach (var one in inner)
        {
            if (source.SequenceEqual(one))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>It is the path, or a directory above it.</summary>
    private bool IsNamed(ReadOnlySpan<byte> path, bool isDirectory) =>
        name.Length > 0 && path.StartsWith(name) && (path.Length == name.Length ? isDirectory || !directoriesOnly : path[name.Length] == '/');

    /// <summary>It is the last name of the path, or that of a directory above it.</summary>
    private bool IsOneOf(ReadOnlySpan<byte> path, bool isDirectory)
    {
        foreach (var part in path.Split((byte)'/'))
        {
            if (path[part].SequenceEqual(name))
            {
                return part.End.Value < path.Length || isDirectory || !directoriesOnly;
            }
        }

        return false;
    }

    /// <summary>It is printed as the path is, or as a directory above it.</summary>
    private bool IsPrinted(ReadOnlySpan<byte> path, bool isDirectory) =>
        print is not null && Printed(path) is var printed && printed.StartsWith(print, StringComparison.Ordinal)
            && (printed.Length == print.Length ? isDirectory || !directoriesOnly : printed[print.Length] == '/');

    private static string Printed(ReadOnlySpan<byte> path) => Printable.Escape(Encoding.UTF8.GetString(path));

    /// <summary>Operators know the path on the disk; the list knows the source's name. The innermost source counts where one lies in another.</summary>
    private static (string Name, string Pattern)? InListTerms(string text, IReadOnlyList<SourceSummary> sources)
    {
        foreach (var (source, place) in sources
            .SelectMany(source => new[] { source.Path, RealPath.Of(source.Path) }.Distinct().Select(place => (Source: source, Place: place)))
            .OrderByDescending(pair => pair.Place.Length))
        {
            if (text.TrimEnd('/') == place)
            {
                var top = source.IsOneFile ? $"{source.Name}/{Path.GetFileName(source.Path)}" : source.Name;
                return (top, "/" + top);
            }

            if (!source.IsOneFile && PathPrefix.Holds(place, text))
            {
                var below = $"{source.Name}/{text[place.Length..].TrimStart('/')}";
                return (below, "/" + below);
            }
        }

        return null;
    }
}
