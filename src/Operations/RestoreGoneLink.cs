using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// A source that was saved by way of a link which is gone. Restored to its path it would be on another disk than it was, and what the link
/// led to would stay as it is. The link is not made here: only the snapshot says where it led, and whoever can write to the repository can
/// have it say anything.
/// </summary>
internal static class RestoreGoneLink
{
    /// <param name="source">As the snapshot has it.</param>
    /// <param name="path">Where it belongs.</param>
    /// <param name="place">Where that leads now.</param>
    /// <param name="title">What is restored.</param>
    /// <exception cref="UserError">Nothing is at the path, and it led elsewhere. Names the command that makes the link.</exception>
    public static void Refuse(SourceSummary source, string path, string place, string title)
    {
        if (source.Target is not { } led || led == place || AtomicFile.IsTaken(path) || AtomicFile.IsTaken(place))
        {
            return;
        }

        var (link, target) = Find(path, led, taken => AtomicFile.IsTaken(taken));
        var above = Path.GetDirectoryName(link)!;
        throw UserError.Failed(
            $"'{source.Name}' was at {led} when {title} was made, to which a link led from {path}; that link is gone",
            $"nothing was changed; make it again: {(AtomicFile.IsTaken(above) ? "" : $"mkdir -p {ShellWord.Of(above)} && ")}ln -s {ShellWord.Of(target)} {ShellWord.Of(link)}; "
                + $"or, if it is to be at {path} itself from now on: {(AtomicFile.IsTaken(Path.GetDirectoryName(path)!) ? "" : $"mkdir -p {ShellWord.Of(Path.GetDirectoryName(path)!)} && ")}{(source.IsOneFile ? "touch" : "mkdir")} {ShellWord.Of(path)}");
    }

    /// <summary>
    /// Which link is gone, and where it led: the uppermost of the path's names that are gone below which the path ends as the place does to
    /// which it led.
    /// </summary>
    /// <param name="path">Absolute; nothing is there.</param>
    /// <param name="led">Where it led, absolute.</param>
    /// <param name="isThere">Whether something has a name.</param>
    public static (string Link, string Target) Find(string path, string led, Func<string, bool> isThere)
    {
        var (link, target) = (path, led);
        while (Path.GetFileName(link) == Path.GetFileName(target) && Path.GetDirectoryName(link) is { } above && Path.GetDirectoryName(target) is { } below
            && above != "/" && below != "/" && !isThere(above))
        {
            (link, target) = (above, below);
        }

        return (link, target);
    }
}
