namespace VertexAr.Backup.Core;

/// <summary>
/// Gives a file a name that nothing may have yet. Where the file system can, that is one step: a rename that refuses, or a hard link, which an NFS server
/// refuses itself whatever its client remembers. Elsewhere it is a look and a rename, which somebody else can come between.
/// </summary>
internal static class NewName
{
    /// <param name="temporary">The file, on disk already. It has this name no more afterwards.</param>
    /// <param name="final">Its name from now on; the directory is synced by the caller.</param>
    /// <returns>False if the name is taken, and nothing was changed.</returns>
    public static bool TryGive(string temporary, string final)
    {
        // Some file systems pass over what kind of rename is asked for.
        return !IsTaken(final) && (TryRename(temporary, final) ?? TryLink(temporary, final) ?? TryReplaceNothing(temporary, final));
    }

    /// <summary>
    /// Whether a name is taken. A share goes on for some time telling what it knew of a name: it is asked anew, and the file is opened, for which it has to
    /// ask its server.
    /// </summary>
    /// <exception cref="PosixError">That cannot be known.</exception>
    public static bool IsTaken(string path)
    {
        try
        {
            _ = Posix.StatusAsked(Posix.Here, Posix.Bytes(path));
            return true;
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return CanBeOpened(path);
        }
    }

    private static bool CanBeOpened(string path)
    {
        try
        {
            Posix.OpenToRead(Posix.Here, Posix.Bytes(path)).Dispose();
            return true;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.AccessDenied or PosixError.TooManySymlinks)
        {
            return e.Number != PosixError.NotFound;
        }
    }

    /// <summary>Null where there are no such renames.</summary>
    private static bool? TryRename(string temporary, string final)
    {
        try
        {
            Posix.Rename(Posix.Here, Posix.Bytes(temporary), Posix.Here, Posix.Bytes(final), RenameHow.Refuse);
            return true;
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            return false;
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
            return null;
        }
    }

    /// <summary>Null where there are no links. To some mounts that is an I/O error, and a pool has none from one disk to another.</summary>
    private static bool? TryLink(string temporary, string final)
    {
        try
        {
            Posix.MakeLink(Posix.Here, Posix.Bytes(temporary), Posix.Here, Posix.Bytes(final));
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            // The answer of a server can be lost, and the second one is that the link is there.
            if (!AreSame(temporary, final))
            {
                return false;
            }
        }
        catch (PosixError e) when (e.IsNotForThisPlace || e.Number is PosixError.InputOutput or PosixError.CrossDevice or PosixError.AccessDenied or PosixError.TooManyHardLinks)
        {
            return null;
        }

        AtomicFile.RemoveIfThere(temporary);
        return true;
    }

    private static bool TryReplaceNothing(string temporary, string final)
    {
        if (IsTaken(final))
        {
            return false;
        }

        Posix.Rename(Posix.Here, Posix.Bytes(temporary), Posix.Here, Posix.Bytes(final));
        return true;
    }

    private static bool AreSame(string one, string other)
    {
        try
        {
            var (a, b) = (Posix.StatusAsked(Posix.Here, Posix.Bytes(one)), Posix.StatusAsked(Posix.Here, Posix.Bytes(other)));
            return (a.Device, a.Inode) == (b.Device, b.Inode) && a.Links > 1;
        }
        catch (PosixError)
        {
            return false;
        }
    }
}
