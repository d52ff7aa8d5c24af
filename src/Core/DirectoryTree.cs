using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>Whole directories, whatever bytes their names are made of, and never through a link.</summary>
internal static class DirectoryTree
{
    private const int NameBuffer = 16 * 1024;

    /// <summary>The sizes of all files below a directory, in bytes. What is removed meanwhile does not count.</summary>
    /// <exception cref="PosixError">The directory is not there.</exception>
    /// <exception cref="UserError">It, or one below, cannot be read.</exception>
    public static long Bytes(string path)
    {
        using var directory = Open(Posix.Here, Posix.Bytes(path), path, follow: true);
        return Bytes(directory, path, new byte[NameBuffer]);
    }

    private static long Bytes(SafeFileHandle directory, string path, byte[] buffer)
    {
        var (bytes, names) = (0L, DirectoryNames.Read(directory, buffer));
        for (var i = 0; i < names.Count; i++)
        {
            try
            {
                bytes = Units.Add(bytes, Bytes(directory, names.Name(i), path, buffer));
            }
            catch (PosixError e) when (e.Number == PosixError.NotFound)
            {
                // Removed since the names were read.
            }
            catch (PosixError e)
            {
                throw CannotBeRead(path, e);
            }
        }

        return bytes;
    }

    private static long Bytes(SafeFileHandle parent, ReadOnlySpan<byte> name, string parentPath, byte[] buffer)
    {
        var status = Posix.StatusAt(parent, name);
        if (!status.IsDirectory)
        {
            return status.IsRegular ? status.Size : 0;
        }

        var path = Path.Combine(parentPath, Encoding.UTF8.GetString(name));
        using var directory = Open(parent, name, path);
        return Bytes(directory, path, buffer);
    }

    private static SafeFileHandle Open(SafeFileHandle parent, ReadOnlySpan<byte> name, string path, bool follow = false)
    {
        try
        {
            return Posix.OpenDirectory(parent, name, follow);
        }
        catch (PosixError e) when (e.Number != PosixError.NotFound)
        {
            throw CannotBeRead(path, e);
        }
    }

    private static UserError CannotBeRead(string path, PosixError error) =>
        UserError.Failed($"the directory {path} cannot be read: {error.Message}", cause: error);

    /// <summary>Removes a directory with all that is in it; nothing happens if it is not there.</summary>
    public static void Remove(string path)
    {
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path))!;
        try
        {
            ReadOnlySpan<byte> full = Posix.Bytes(path);
            using var directory = LinklessNames.Above(Posix.Here, ref full) ?? Posix.OpenDirectory(Posix.Here, Posix.Bytes(parent), follow: true);
            Remove(directory, Posix.Bytes(Path.GetFileName(Path.TrimEndingDirectorySeparator(path))));
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // Gone already.
        }
    }

    private static void Remove(SafeFileHandle parent, byte[] name)
    {
        MakeRemovable(parent, name);
        using (var directory = Posix.OpenDirectory(parent, name))
        {
            foreach (var entry in DirectoryNames.Read(directory))
            {
                if (Posix.StatusAt(directory, entry).IsDirectory)
                {
                    Remove(directory, entry);
                }
                else
                {
                    Posix.Remove(directory, entry);
                }
            }
        }

        Posix.Remove(parent, name, directory: true);
    }

    /// <summary>A tree that was restored has the modes that it had: also those that keep its owner from removing it.</summary>
    public static void MakeRemovable(SafeFileHandle parent, byte[] name)
    {
        const int ownersAll = 0x1C0;
        if (!Posix.IsRoot && Posix.StatusAt(parent, name) is { IsDirectory: true } status
            && (status.Permissions & ownersAll) != ownersAll && status.Uid == Posix.EffectiveUser)
        {
            Posix.SetModeAt(parent, name, ownersAll);
        }
    }
}
