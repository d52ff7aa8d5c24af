using Microsoft.Win32.SafeHandles;
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

    /// <summary>Looks at a directory to restore into, which need not be there yet.</summary>
    /// <exception cref="UserError">Root was asked, and somebody else could have it write elsewhere.</exception>
    public static void RequireTrust(string directory)
    {
        if (!Posix.IsRoot)
        {
            return;
        }

        _ = FollowTrusted(directory);
        if (Owner(directory, status => status.IsDirectory) is { } owner and not 0)
        {
            var user = Accounts.UserName(owner) ?? $"#{owner}";
            throw UserError.Failed(
                $"the directory {directory} belongs to {user}, who could exchange what is in it while root restores", InsteadOf(user));
        }
    }

    /// <summary>Opens the directory above one to restore into. Of links on the way only those that root made are followed, each once.</summary>
    /// <returns>The open directory, and the name in it.</returns>
    /// <exception cref="UserError">As above.</exception>
    public static (SafeFileHandle Above, byte[] Name) OpenAbove(string directory)
    {
        var place = FollowTrusted(directory);
        return (NamedPlaces.Open(Posix.Bytes(Path.GetDirectoryName(place)!.TrimEnd('/'))), Posix.Bytes(Path.GetFileName(place)));
    }

    /// <summary>What to do where a directory that is to be restored into belongs to somebody else.</summary>
    public static string InsteadOfTheirs(SafeFileHandle directory) =>
        InsteadOf(Posix.Status(directory).Uid is not 0 and var uid ? Accounts.UserName(uid) ?? $"#{uid}" : null);

    public static UserError NotEmpty(string directory) => UserError.Failed(
        $"the directory {directory} is not empty", "name a new or an empty one, so that nothing of yours is mixed up with what is restored");

    private static string InsteadOf(string? user) => "name a new one, which root makes"
        + (user is null ? "" : $", or run the command as that user: sudo -u '{user}' vertex-ar-backup restore ...");

    private static string FollowTrusted(string directory)
    {
        var links = new List<string>();
        var place = RealPath.Of(directory, links);
        links.ForEach(link => RequireTrust(link, place, $"name {place} itself"));
        return place;
    }

    private static bool IsLink(string path) => Owner(path, status => status.IsSymlink) is not null;

    private static void RequireTrust(string link, string place, string instead)
    {
        if (LinkTrust.Refusal(link) is { } reason)
        {
            throw UserError.Failed(
                $"the link {link} leads to {place}, and {reason}",
                $"nothing was changed; root follows only links that root made in a directory that only root can write to: {instead}");
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
