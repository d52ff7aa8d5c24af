using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Host;

/// <summary>
/// Any program that listens: a POST of one JSON object. Its keys are explained in vertex-ar-backup.json(5); "text" is the
/// one that chat services show.
/// </summary>
internal sealed class WebhookChannel(string address) : IChannel
{
    public string Name => "webhook";

    public string? Tell(Message message, Patience patience) => new WebPost(new Uri(address), "application/json", Body(message)).Send(patience);

    private static byte[] Body(Message message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("event", message.Run is null ? "message" : "run");
            json.WriteString("subject", message.Subject);
            json.WriteString("text", $"{message.Subject}\n{message.Text}");
            json.WriteString("host", message.Host);
            json.WriteString("tool", message.Tool);
            if (message.Run is { } run)
            {
                WriteRun(json, run);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteRun(Utf8JsonWriter json, RunReport run)
    {
        json.WriteString("job", run.Job);
        json.WriteString("outcome", run.Outcome.Word());
        json.WriteNumber("exit_code", run.ExitCode);
        json.WriteString("backup_directory", run.BackupDirectory);
        json.WriteString("started_at", run.StartedAt);
        json.WriteString("finished_at", run.FinishedAt);
        json.WriteNumber("duration_seconds", Math.Round(run.Took.TotalSeconds, 3));
        json.WriteString("snapshot", run.Snapshot);
        WriteNumber(json, "files", run.Files);
        WriteNumber(json, "bytes", run.Bytes);
        WriteNumber(json, "new_bytes", run.NewBytes);
        WriteNumber(json, "stored_bytes", run.StoredBytes);
        json.WriteNumber("warnings", run.Warnings);
        json.WriteStartArray("first_warnings");
        foreach (var warning in run.FirstWarnings)
        {
            json.WriteStringValue(warning);
        }

        json.WriteEndArray();
        json.WriteStartArray("lost_content");
        foreach (var loss in run.LostContent)
        {
            json.WriteStringValue(loss);
        }

        json.WriteEndArray();
        json.WriteString("error", run.Error);
        json.WriteString("hint", run.Hint);
    }

    private static void WriteNumber(Utf8JsonWriter json, string key, long? number)
    {
        if (number is { } known)
        {
            json.WriteNumber(key, known);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
