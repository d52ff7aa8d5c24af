using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>What is in <c>staging</c> of readers, which hold no lock: files are named after their process, and removed by the next run if that is gone.</summary>
internal static class ScratchFiles
{
    public const string Prefix = "scratch-";

    public static void RemoveOrphans(RepositoryLock held)
    {
        RemoveStrange(held.Layout.Staging);
        if (held.HasScratchUsers())
        {
            // Neither process numbers nor kernel locks tell of one on another machine.
            return;
        }

        foreach (var path in Directory.EnumerateFiles(held.Layout.Staging, Prefix + "*"))
        {
            var process = Path.GetFileNameWithoutExtension(path)[Prefix.Length..];
            if (int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out _) && !Directory.Exists($"/proc/{process}"))
            {
                AtomicFile.RemoveIfThere(path);
            }
        }

        _ = ScratchDirectory.RemoveOrphans(held.Layout.Staging);
    }

    /// <summary>
    /// Links and the like, which no run makes, and of which none may be taken for a directory that a run left. What has no name of ours is taken for nothing,
    /// and stays: it is somebody else's.
    /// </summary>
    private static void RemoveStrange(string staging)
    {
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(staging), follow: true);
        foreach (var name in DirectoryNames.Read(directory))
        {
            if (IsOurName(Encoding.UTF8.GetString(name)) && Posix.StatusAt(directory, name) is { IsRegular: false, IsDirectory: false })
            {
                Posix.Remove(directory, name);
            }
        }
    }

    private static bool IsOurName(string name) =>
        RunStaging.IsName(name) || ScratchDirectory.IsName(name) || name.StartsWith(Prefix, StringComparison.Ordinal);
}
