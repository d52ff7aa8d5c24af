using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// The only way a finished file comes into being here: written under another name on the same file system, synced,
/// renamed, and the directory synced. Whoever finds the final name finds the whole file, also after a power cut.
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

    /// <summary>Whether a name is taken, if only by a link that leads nowhere.</summary>
    public static bool IsTaken(string path)
    {
        try
        {
            _ = Posix.StatusAt(Posix.Here, Posix.Bytes(path));
            return true;
        }
        catch (PosixError)
        {
            return false;
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
}
