using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// The only ways a finished file comes into being here: written under another name on the same file system, synced,
/// renamed, and the directory synced. Whoever finds the final name finds the whole file, also after a power cut. <see cref="Publish"/> replaces what has
/// that name, <see cref="TryGiveName"/> does not.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Mode of every file in a repository.</summary>
    public const int FileMode = 0x1A0; // 0640

    /// <summary>Mode of every directory in a repository.</summary>
    public const int DirectoryMode = 0x1E8; // 0750

    /// <summary>Opens a new file to be written and published; a left-over of that name is removed first.</summary>
    public static SafeFileHandle Create(string path, int mode = FileMode)
    {
        RemoveIfThere(path);
        return Posix.CreateNew(Posix.Here, Posix.Bytes(path), mode);
    }

    /// <summary>
    /// Syncs the open file, closes it, since some servers rename none that is open, and gives it its final name. The directory is synced too, unless the
    /// caller does so for many files at once.
    /// </summary>
    public static void Publish(SafeFileHandle file, string temporary, string final, bool syncDirectory = true)
    {
        Posix.Sync(file);
        file.Dispose();
        Posix.Rename(Posix.Here, Posix.Bytes(temporary), Posix.Here, Posix.Bytes(final));
        if (syncDirectory)
        {
            SyncDirectory(Path.GetDirectoryName(final)!);
        }
    }

    /// <summary>
    /// Gives a file a name that nothing may have yet. Where the file system can, that is one step: a rename that refuses, or a hard link, which an NFS server
    /// refuses itself whatever its client remembers. Elsewhere it is a look and a rename, which somebody else can come between.
    /// </summary>
    /// <param name="temporary">The file, on disk already. It has this name no more afterwards.</param>
    /// <param name="final">Its name from now on; the directory is synced by the caller.</param>
    /// <returns>False if the name is taken, and nothing was changed.</returns>
    public static bool TryGiveName(string temporary, string final)
    {
        // Some file systems pass over what kind of rename is asked for.
        return !IsTaken(final, anew: true) && (TryRename(temporary, final) ?? TryLink(temporary, final) ?? TryReplaceNothing(temporary, final));
    }

    /// <summary>Whether a name is taken, if only by a link that leads nowhere.</summary>
    /// <param name="path">The name.</param>
    /// <param name="anew">
    /// A share goes on for some time telling what it knew of a name: it is asked anew, and the file is opened, for which it has to ask its server.
    /// </param>
    /// <exception cref="PosixError">Asked anew, that cannot be known; otherwise what cannot be looked at is not taken.</exception>
    public static bool IsTaken(string path, bool anew = false)
    {
        try
        {
            _ = anew ? Posix.StatusAsked(Posix.Here, Posix.Bytes(path)) : Posix.StatusAt(Posix.Here, Posix.Bytes(path));
            return true;
        }
        catch (PosixError e) when (!anew || e.Number == PosixError.NotFound)
        {
            return anew && CanBeOpened(path);
        }
    }

    /// <summary>Writes a small file in one go.</summary>
    public static void Write(string temporary, string final, ReadOnlySpan<byte> content)
    {
        using var file = Create(temporary);
        Posix.Write(file, content);
        Publish(file, temporary, final);
    }

    public static void Write(string temporary, string final, string content) => Write(temporary, final, Encoding.UTF8.GetBytes(content));

    /// <summary>Returns when the names in the directory are on disk.</summary>
    public static void SyncDirectory(string path)
    {
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path), follow: true);
        DiskSync.Directory(directory);
    }

    /// <summary>Makes the directory if it is not there, with its mode whatever the umask, and syncs its parent unless the caller does.</summary>
    public static void EnsureDirectory(string path, bool syncParent = true)
    {
        if (Posix.StatusOrNull(path) is { IsDirectory: true })
        {
            return;
        }

        try
        {
            Posix.MakeDirectory(Posix.Here, Posix.Bytes(path), DirectoryMode);
        }
        catch (PosixError e) when (e.Number == PosixError.Exists && Posix.StatusOrNull(path) is { IsDirectory: true })
        {
            // Another worker was quicker.
            return;
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            throw new PosixError(e.Number, $"{path} is no directory; move it away");
        }

        using (var made = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path)))
        {
            Posix.SetModeIfPlaceCan(made, DirectoryMode);
        }

        if (syncParent)
        {
            SyncDirectory(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>The same, and what somebody else put there, as a link, root does not take.</summary>
    public static void EnsureOwnDirectory(string path)
    {
        EnsureDirectory(path);
        if (Posix.IsRoot && Posix.StatusAt(Posix.Here, Posix.Bytes(path)) is { Uid: not 0 } theirs)
        {
            throw new PosixError(PosixError.Exists, $"{path} is there, and belongs to {Accounts.UserText(theirs.Uid, "user ")}; move it away");
        }
    }

    /// <summary>Removes a file; true if there was one.</summary>
    public static bool RemoveIfThere(string path)
    {
        try
        {
            Posix.Remove(Posix.Here, Posix.Bytes(path));
            return true;
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return false;
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

        RemoveIfThere(temporary);
        return true;
    }

    private static bool TryReplaceNothing(string temporary, string final)
    {
        if (IsTaken(final, anew: true))
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
