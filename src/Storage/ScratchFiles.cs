using System.Globalization;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Files in <c>staging</c> that belong to a reader, which holds no lock: named after its process, and removed by the next run if that is gone.</summary>
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
    }
}
