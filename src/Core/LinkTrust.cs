using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Paths on whose way others may have put links. Root follows what root made where nobody else can: any other link could be turned at
/// any moment to where root is to read or write something for somebody. Ordinary users have only their own rights, and follow all.
/// </summary>
internal static class LinkTrust
{
    /// <summary>Why root does not follow a link, as the end of a sentence that begins with it; null if root does.</summary>
    public static string? Refusal(string link)
    {
        try
        {
            var uid = Posix.StatusAt(Posix.Here, Posix.Bytes(link)).Uid;
            return uid != 0 ? $"belongs to {Accounts.UserText(uid, "user ")}"
                : Exposure.Find(Path.GetDirectoryName(link)!, 0) is { } open ? $"is where others than root can change it ({open.Sentence})" : null;
        }
        catch (PosixError)
        {
            return "belongs to nobody any more";
        }
    }

    /// <summary>The directory above a path, open, and the name in it, which is not looked at. For ordinary users, the path from here.</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="PosixError">The directory is not there, or root would follow a link of somebody else's.</exception>
    public static (SafeFileHandle Above, byte[] Name) OpenAbove(string path)
    {
        if (!Posix.IsRoot)
        {
            return (Posix.NewHere(), Posix.Bytes(path));
        }

        return NamedPlaces.OpenAbove(ResolveAbove(path));
    }

    /// <summary>Opens a file for reading, which may be a link itself.</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="PosixError">It cannot be opened, is no regular file, or root would follow a link of somebody else's.</exception>
    public static SafeFileHandle OpenToRead(string path)
    {
        if (!Posix.IsRoot)
        {
            return RegularFile.OpenFollowing(path);
        }

        using var places = new NamedPlaces();
        var (above, name) = places.Find(Posix.Bytes(Resolve(path)));
        return RegularFile.Open(above, name);
    }

    /// <summary>Has root enter a directory from the root down from now on, wherever it is given, following no link that is put there later.</summary>
    /// <param name="directory">Absolute.</param>
    /// <exception cref="PosixError">Root would follow a link of somebody else's.</exception>
    public static void Hold(string directory)
    {
        directory = Path.TrimEndingDirectorySeparator(directory);
        LinklessNames.AddDirectory(directory, Resolve(directory));
    }

    /// <summary>Opens a directory that root is to write to.</summary>
    /// <param name="directory">Absolute.</param>
    /// <exception cref="PosixError">It cannot be opened, or root would follow a link of somebody else's.</exception>
    public static SafeFileHandle OpenDirectory(string directory) => NamedPlaces.Open(Posix.Bytes(Resolve(directory).TrimEnd('/')));

    /// <summary>Opens a file of root's for reading and writing.</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="PosixError">It cannot be opened, is no regular file, or root would follow a link of somebody else's.</exception>
    public static SafeFileHandle OpenToChange(string path)
    {
        var (above, name) = OpenAbove(path);
        using (above)
        {
            return RegularFile.OpenToChange(above, name);
        }
    }

    /// <summary>The path without links, for what is found by it more than once. Root enters it from the root down from now on, and follows none that is put there later.</summary>
    /// <param name="path">Absolute, of a file whose name nothing else has.</param>
    /// <exception cref="PosixError">Root would follow a link of somebody else's.</exception>
    public static string Settle(string path)
    {
        if (!Posix.IsRoot)
        {
            return path;
        }

        var place = ResolveAbove(path);
        LinklessNames.Add(place);
        return place;
    }

    private static string ResolveAbove(string path) => Path.Combine(Resolve(Path.GetDirectoryName(path)!), Path.GetFileName(path));

    private static string Resolve(string path)
    {
        var links = new List<string>();
        var place = RealPath.Of(path, links);
        return links.Select(link => (Link: link, Reason: Refusal(link))).FirstOrDefault(one => one.Reason is not null) is { Link: not null } refused
            ? throw new PosixError(PosixError.TooManySymlinks, $"root does not follow the link {refused.Link}, which {refused.Reason}")
            : place;
    }
}
