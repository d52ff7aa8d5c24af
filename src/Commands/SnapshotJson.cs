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
        json.WriteIfThere("machine", header.Machine);
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
        json.WriteItems("sources", header.Sources, SnapshotHeaderJson.WriteSource);
        json.WriteNumber("warning_count", header.Warnings.Count);
        json.WriteItems("warnings", header.Warnings.First, SnapshotHeaderJson.WriteWarning);
    }
}
