using System.IO.Compression;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Reads and writes pack tables.</summary>
internal static class PackTable
{
    /// <summary>In bytes; a line has 250, and later versions may add to it.</summary>
    private const int LongestLine = 128 * 1024;

    /// <exception cref="DamageError">The table is not whole.</exception>
    public static List<PackInfo> Read(string path)
    {
        using var lines = LineReader.Open(path, static _ => LongestLine);
        var packs = new List<PackInfo>();
        while (lines.TryRead(out _))
        {
            packs.Add(PackInfo.Read(lines.CurrentMemory));
        }

        return packs;
    }

    /// <summary>Writes a table to a new file. It is on disk when this returns; the directory is synced by the caller.</summary>
    public static PartFile Write(List<PackInfo> packs, string path)
    {
        using var file = AtomicFile.Create(path);
        using var output = new HashingStream(file);
        Write(output, packs);
        var (sha256, _) = output.Finish();
        Posix.Sync(file);
        return new PartFile(output.Length, sha256, packs.Count);
    }

    private static void Write(HashingStream output, List<PackInfo> packs)
    {
        if (packs.Count == 0)
        {
            output.Write(EmptyGzip.File);
            return;
        }

        using var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        foreach (var pack in packs)
        {
            gzip.Write(JsonFields.Write(pack.Write, indented: false));
            gzip.Write("\n"u8);
        }
    }
}
