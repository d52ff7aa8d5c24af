using System.Globalization;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>What is in <c>staging</c> of readers, which hold no lock: files are named after their process, and removed by the next run if that is gone.</summary>
internal static class ScratchFiles
{
    public const string Prefix = "scratch-";

    public static void RemoveOrphans(RepositoryLock held)
    {
        foreach (var path in Directory.EnumerateFiles(held.Layout.Staging, Prefix + "*"))
        {
            var process = Path.GetFileNameWithoutExtension(path)[Prefix.Length..];
            if (!int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out _) || !Directory.Exists($"/proc/{process}"))
            {
                AtomicFile.RemoveIfThere(path);
            }
        }

        _ = ScratchDirectory.RemoveOrphans(held.Layout.Staging);
    }
}
