using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Where a source's path leads. What is there is replaced, on its own disk, and links on the way stay.</summary>
internal static class RestoreLinks
{
    /// <returns>The same place by a path without links.</returns>
    /// <exception cref="UserError">It is no place to restore to, or a link leads where its owner has no say.</exception>
    public static string Follow(string name, string path, string title)
    {
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

        RequireTrust(links, place);
        return place;
    }

    private static bool IsLink(string path) => Owner(path, status => status.IsSymlink) is not null;

    /// <summary>Root follows root's links, and those of a user to what is that user's: nobody gets root to replace something else.</summary>
    private static void RequireTrust(List<string> links, string place)
    {
        if (!Posix.IsRoot || (Posix.StatusOrNull(place) ?? Posix.StatusOrNull(Path.GetDirectoryName(place)!)) is not { } target)
        {
            return;
        }

        foreach (var link in links)
        {
            if (Owner(link, status => status.IsSymlink) is { } owner and not 0 && owner != target.Uid)
            {
                throw UserError.Failed(
                    $"the link {link} belongs to {Accounts.UserName(owner) ?? $"user {owner}"} and leads to {place}, which does not",
                    $"nothing was changed; if that is meant, give the link to root with 'chown -h root {link}', or restore elsewhere with --to DIR");
            }
        }
    }

    private static uint? Owner(string path, Func<FileStatus, bool> isMeant)
    {
        try
        {
            return Posix.StatusAt(Posix.Here, Posix.Bytes(path)) is var status && isMeant(status) ? status.Uid : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }
}
