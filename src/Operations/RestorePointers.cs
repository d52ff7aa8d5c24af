using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>The files that lie beside the other targets of a restore in place, and name its journal, which lies beside the first.</summary>
internal static class RestorePointers
{
    private const int OwnersOnly = 0x180;
    private const int LongestPath = 4096;

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

    /// <summary>The journal that a file names, which lies beside another target of the same restore; the path itself if it names none that is there.</summary>
    public static string Resolve(string path)
    {
        try
        {
            using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path));
            var content = new byte[Math.Min(Posix.Status(file).Size, 2 * LongestPath)];
            var line = RestoreLines.Split(content.AsMemory(0, Posix.ReadAt(file, content, 0))).FirstOrDefault();
            return !line.IsEmpty && RestoreLines.TryParse(line, out var json) && PointsTo(json) is { } journal && File.Exists(journal) ? journal : path;
        }
        catch (PosixError)
        {
            return path;
        }
    }

    /// <summary>Whether a file, which must be to be trusted, names a journal.</summary>
    public static bool Names(string pointer, string journal)
    {
        try
        {
            using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(pointer));
            RestoreLines.RequireTrust(pointer, file);
            return Resolve(pointer) == journal;
        }
        catch (Exception e) when (e is PosixError or UserError)
        {
            return false;
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
