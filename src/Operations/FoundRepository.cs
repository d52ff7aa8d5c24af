using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Knows a repository when one is met, whatever the configuration says.</summary>
internal static class FoundRepository
{
    private static readonly byte[] Mark = Posix.Bytes(Layout.Below.Mark);

    /// <param name="directory">Open.</param>
    /// <param name="names">What is in it.</param>
    public static bool Is(SafeFileHandle directory, DirectoryNames names) => names.Contains(Mark) && Repository.Is(directory);

    /// <param name="path">Of a directory; one that is not there, or cannot be looked into, is none.</param>
    public static bool IsAt(string path)
    {
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path), follow: true);
            return Repository.Is(directory);
        }
        catch (PosixError)
        {
            return false;
        }
    }
}
