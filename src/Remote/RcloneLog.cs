using System.Text.Json;

namespace VertexAr.Backup.Remote;

/// <summary>
/// Listens to what rclone says on standard error: lines of JSON, some of which count what was done, and, of what ends it,
/// plain text. Called from one thread; what it knows is asked for from others.
/// </summary>
/// <param name="moved">Told of bytes that went over the line, since it was told last.</param>
/// <param name="alive">Told that something went on.</param>
internal sealed class RcloneLog(Action<long> moved, Action alive)
{
    private const string Failed = "Failed to ";

    private readonly Lock changing = new();
    private long bytes;
    private long done;
    private long passed;

    /// <summary>Errors that there were when a file was finished last.</summary>
    private long errors;

    private string? failure;
    private string? complaint;
    private string? lastWords;

    /// <summary>Why it ended, or else what it complained of last; null if it did neither. Fit to be shown.</summary>
    public string? LastError
    {
        get
        {
            lock (changing)
            {
                return (failure ?? complaint) is { } said ? PlainError.Of(said) : null;
            }
        }
    }

    /// <summary>What it said last that was no count, whatever that is; null if it said nothing. Fit to be shown.</summary>
    public string? LastWords
    {
        get
        {
            lock (changing)
            {
                return lastWords is null ? null : PlainError.Of(lastWords);
            }
        }
    }

    public void Hear(string line)
    {
        if (line.StartsWith('{') && TryParse(line) is { } json)
        {
            using (json)
            {
                Hear(json.RootElement);
            }
        }
        else if (line.Contains(Failed, StringComparison.Ordinal))
        {
            lock (changing)
            {
                failure = line;
            }
        }
        else if (line.Contains(" ERROR ", StringComparison.Ordinal) || line.Contains(" CRITICAL", StringComparison.Ordinal))
        {
            lock (changing)
            {
                complaint = line;
            }
        }
        else if (!line.StartsWith('{') && line.Trim().Length > 0)
        {
            lock (changing)
            {
                lastWords = line;
            }
        }
    }

    private static JsonDocument? TryParse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Hear(JsonElement line)
    {
        if (line.TryGetProperty("stats", out var stats) && stats.ValueKind == JsonValueKind.Object)
        {
            Count(stats);
        }
        else if (Text(line, "level") is "error" or "critical" or "fatal" && Text(line, "msg") is { } message)
        {
            lock (changing)
            {
                complaint = Text(line, "object") is { Length: > 0 } thing ? $"{thing}: {message}" : message;
            }
        }
    }

    /// <summary>
    /// The counts come each second, whether they grew or not. A new try counts what it sends once more; so after an error only
    /// files that were finished show that it gets on.
    /// </summary>
    private void Count(JsonElement stats)
    {
        var now = Number(stats, "bytes");
        if (now > bytes)
        {
            moved(now - bytes);
        }

        var finished = Number(stats, "transfers") + Number(stats, "renames") + Number(stats, "deletes");
        var passing = now + Number(stats, "checks");
        var failed = Number(stats, "errors");
        if (finished != done || (passing != passed && failed <= errors))
        {
            alive();
        }

        errors = finished != done ? failed : Math.Min(errors, failed);
        (bytes, done, passed) = (now, finished, passing);
    }

    private static string? Text(JsonElement line, string key) =>
        line.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long Number(JsonElement stats, string key) =>
        stats.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;
}
