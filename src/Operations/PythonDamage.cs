using VertexAr.Backup.Core;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Says which file of a damaged backup is to blame, as far as sizes and content tell: its checksum is of the whole.</summary>
internal static class PythonDamage
{
    /// <param name="archive">What is damaged.</param>
    /// <param name="parts">Size and SHA-256 of each of its files.</param>
    /// <param name="failedAt">The file in which it does not decompress any more; null if it does to its end.</param>
    public static string Suspects(PythonArchive archive, IReadOnlyList<(long Bytes, Digest Sha256)> parts, string? failedAt)
    {
        if (parts.Count == 1)
        {
            return $"{Path.GetFileName(archive.Files[0])} has {parts[0].Bytes} bytes"
                + (archive.Metadata?.FileSize is { } told ? $", and {(told == parts[0].Bytes ? "should have" : $"should have {told}")}" : "");
        }

        var wanted = archive.Metadata?.ChunkMb is > 0 and < 1 << 20 and var chunk ? chunk << 20 : parts[0].Bytes;
        for (var i = 0; i < parts.Count; i++)
        {
            if (i < parts.Count - 1 ? parts[i].Bytes != wanted : parts[i].Bytes > wanted)
            {
                return $"{Name(archive, i)} has {parts[i].Bytes} bytes, and {(i < parts.Count - 1 ? "should have" : "can have no more than")} {wanted}";
            }

            var same = Enumerable.Range(0, i).FirstOrDefault(other => parts[other].Sha256 == parts[i].Sha256, -1);
            if (same >= 0)
            {
                return $"{Name(archive, same)} and {Name(archive, i)} have the same content";
            }
        }

        return failedAt is null
            ? $"each of its {parts.Count} parts has the right size, and which of them is damaged cannot be told"
            : $"each of its {parts.Count} parts has the right size, and it does not decompress from {Path.GetFileName(failedAt)} on, so that part or one before it is damaged or out of place";
    }

    private static string Name(PythonArchive archive, int number) => Path.GetFileName(archive.Files[number]);
}
