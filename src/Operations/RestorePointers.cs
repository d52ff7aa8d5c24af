using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>The files that lie beside the other targets of a restore in place, and name its journal, which lies beside the first.</summary>
internal static class RestorePointers
{
    private const int OwnersOnly = 0x180;
    private const int LongestPath = 4096;
    private const int LongestHead = 16 << 20;

    /// <summary>Makes those of a journal that is on disk.</summary>
    public static void Write(string path, RestoreHead head)
    {
        foreach (var pointer in head.Pointers)
        {
            using var file = Posix.CreateNew(Posix.Here, Posix.Bytes(pointer), OwnersOnly);
            Posix.Write(file, RestoreLines.Of(json =>
            {
                json.WriteNumber("restore", RestoreHeadJson.Version);
                json.WriteString("journal", path);
            }));
            Posix.Sync(file);
            AtomicFile.SyncDirectory(System.IO.Path.GetDirectoryName(pointer)!);
        }
    }

    /// <summary>
    /// The journal that a file names, which lies beside another target of the same restore; the path itself if it names none that is there
    /// and names it too, or is not to be trusted, which whoever opens it will say.
    /// </summary>
    public static string Resolve(string path)
    {
        try
        {
            using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path));
            RestoreLines.RequireTrust(path, file);
            var content = new byte[Math.Min(Posix.Status(file).Size, 2 * LongestPath)];
            var line = RestoreLines.Split(content.AsMemory(0, Posix.ReadAt(file, content, 0))).FirstOrDefault();
            return !line.IsEmpty && RestoreLines.TryParse(line, out var json) && PointsTo(json) is { } journal && IsNamedBy(journal, path) ? journal : path;
        }
        catch (Exception e) when (e is PosixError or UserError or InvalidOperationException or FormatException)
        {
            return path;
        }
    }

    /// <summary>Whether a file, which must be to be trusted, names a journal.</summary>
    public static bool Names(string pointer, string journal) => Resolve(pointer) == journal;

    /// <summary>A file of root's that somebody could rename, or whose content he chose, leads to no restore but its own.</summary>
    private static bool IsNamedBy(string journal, string pointer)
    {
        var (above, name) = NamedPlaces.OpenAbove(journal);
        using var held = above;
        using var file = Posix.OpenToRead(above, name);
        RestoreLines.RequireTrust(journal, file);
        var content = new byte[Math.Min(Posix.Status(file).Size, LongestHead)];
        if (RestoreLines.Split(content.AsMemory(0, Posix.ReadAt(file, content, 0))) is not [var line, ..] || !RestoreLines.TryParse(line, out var json))
        {
            return false;
        }

        using (json)
        {
            return json.RootElement.TryGetProperty("pointers", out _) && json.RootElement.Items("pointers", JsonFields.Text).Contains(pointer);
        }
    }

    private static string? PointsTo(JsonDocument json)
    {
        using (json)
        {
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("journal", out var place) && place.ValueKind == JsonValueKind.String
                ? place.GetString()
                : null;
        }
    }
}
