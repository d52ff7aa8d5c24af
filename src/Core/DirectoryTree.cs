using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>Whole directories, whatever bytes their names are made of, and never through a link.</summary>
internal static class DirectoryTree
{
    /// <summary>The sizes of all files below a directory, in bytes. What is removed meanwhile does not count.</summary>
    public static long Bytes(string path) =>
        Units.Sum(new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Exists ? file.Length : 0));

    /// <summary>Removes a directory with all that is in it; nothing happens if it is not there.</summary>
    public static void Remove(string path)
    {
        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path))!;
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(parent), follow: true);
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
    private static void MakeRemovable(SafeFileHandle parent, byte[] name)
    {
        const int ownersAll = 0x1C0;
        if (!Posix.IsRoot && Posix.StatusAt(parent, name) is { IsDirectory: true } status
            && (status.Permissions & ownersAll) != ownersAll && status.Uid == Posix.EffectiveUser)
        {
            Posix.SetModeAt(parent, name, ownersAll);
        }
    }
}
