using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Where a source's path leads. What is there is replaced, on its own disk, and links on the way stay.</summary>
internal static class RestoreLinks
{
    /// <param name="source">As the snapshot has it.</param>
    /// <param name="path">Where it belongs.</param>
    /// <param name="title">What is restored, for messages.</param>
    /// <returns>The same place by a path without links.</returns>
    /// <exception cref="UserError">It is no place to restore to, a link leads where its owner has no say, or one is gone.</exception>
    public static string Follow(SourceSummary source, string path, string title)
    {
        var name = source.Name;
        if (path == "/")
        {
            throw UserError.Failed($"'{name}' is the whole file system, which nothing can take the place of while it is in use", "restore elsewhere with --to DIR, and copy from there");
        }

        if (!Path.IsPathFullyQualified(path) || Path.GetFileName(path).Length == 0)
        {
            throw UserError.Failed($"{title} says that '{name}' was at '{path}', which is no place to restore to", "restore elsewhere with --to DIR");
        }

        var links = new List<string>();
        var place = RealPath.Of(path, links);
        if (IsLink(place))
        {
            throw UserError.Failed($"the links of the path {path} go in a circle, or lead to a name that is no text", "see where they lead, or restore elsewhere with --to DIR");
        }

        if (Path.GetFileName(place).Length == 0)
        {
            throw UserError.Failed($"{path} leads to '{place}', which is no place to restore to", "restore elsewhere with --to DIR");
        }

        if (Posix.IsRoot)
        {
            links.ForEach(link => RequireTrust(link, place, $"name {place} in the configuration, or restore elsewhere with --to DIR"));
        }

        RestoreGoneLink.Refuse(source, path, place, title);
        return place;
    }

    /// <summary>One place cannot be replaced by two sources; older snapshots may have what was named twice.</summary>
    /// <exception cref="UserError">Two lead to the same place.</exception>
    public static void RequireDistinct(IReadOnlyList<RestoreTarget> targets)
    {
        if (targets.GroupBy(target => target.Place).FirstOrDefault(same => same.Count() > 1)?.Select(target => target.Source.Name).ToList() is [var one, var other, ..] names)
        {
            throw UserError.Failed(
                $"'{one}' and '{other}' both belong at {targets.First(target => target.Source.Name == one).Place}",
                $"nothing was changed; choose one of them: --path {names[0]} or --path {names[1]}; and name it once in the configuration");
        }
    }

    /// <summary>Where a directory to restore into is, by a path without links. Of those on the way root follows only those that root made.</summary>
    /// <exception cref="UserError">There is another.</exception>
    public static string FollowTrusted(string directory)
    {
        var links = new List<string>();
        var place = RealPath.Of(directory, links);
        links.ForEach(link => RequireTrust(link, place, $"name {place} itself"));
        return place;
    }

    public static UserError NotEmpty(string directory) => UserError.Failed(
        $"the directory {directory} is not empty", "name a new or an empty one, so that nothing of yours is mixed up with what is restored");

    private static bool IsLink(string path)
    {
        try
        {
            return Posix.StatusAt(Posix.Here, Posix.Bytes(path)).IsSymlink;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private static void RequireTrust(string link, string place, string instead)
    {
        if (LinkTrust.Refusal(link) is { } reason)
        {
            throw UserError.Failed(
                $"the link {link} leads to {place}, and {reason}",
                $"nothing was changed; root follows only links that root made in a directory that only root can write to: {instead}");
        }
    }
}
