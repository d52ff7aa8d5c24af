using System.Text.Json;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary>A snapshot in JSON output; the same keys wherever one is shown.</summary>
internal static class SnapshotJson
{
    public static void Write(Utf8JsonWriter json, SnapshotHeader header)
    {
        json.WriteString("id", header.Id);
        json.WriteString("type", header.Type.Word());
        json.WriteString("state", header.State.Word());
        json.WriteString("host", header.Host);
        json.WriteString("tool", header.Tool);
        json.WriteString("started_at", header.StartedAt);
        json.WriteString("finished_at", header.FinishedAt);
        if (header.Origin is { } origin)
        {
            json.WriteStartObject("origin");
            json.WriteString("system", origin.System);
            json.WriteString("name", origin.Name);
            json.WriteString("imported_at", origin.ImportedAt);
            json.WriteEndObject();
        }

        json.WriteNumber("files", header.FileCount);
        json.WriteNumber("bytes", header.Bytes);
        json.WriteNumber("new_bytes", header.NewBytes);
        json.WriteNumber("stored_bytes", header.StoredBytes);
        json.WriteStartArray("sources");
        foreach (var source in header.Sources)
        {
            json.WriteStartObject();
            json.WriteString("name", source.Name);
            json.WriteString("kind", source.Kind.Word());
            json.WriteString("path", source.Path);
            json.WriteNumber("files", source.Files);
            json.WriteNumber("directories", source.Directories);
            json.WriteNumber("symlinks", source.Symlinks);
            json.WriteNumber("bytes", source.Bytes);
            json.WriteNumber("new_bytes", source.NewBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("warning_count", header.Warnings.Count);
        json.WriteStartArray("warnings");
        foreach (var warning in header.Warnings.First)
        {
            json.WriteStartObject();
            json.WriteString("path", warning.Path);
            json.WriteString("reason", warning.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
