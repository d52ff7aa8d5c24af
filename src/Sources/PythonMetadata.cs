using System.Globalization;
using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>
/// The JSON beside a backup of the Python system. Nothing in it is needed, and what is not of the kind that it should be is as if
/// it were not there: the backups are what counts. Paths in it may be stale, since directories move; only their last names are
/// used, but for <see cref="OriginalPath"/>.
/// </summary>
internal sealed record PythonMetadata
{
    // A full site's metadata is some kilobytes; a name for each of a thousand parts, a hundred.
    private const long Largest = 16 << 20;

    /// <summary>Where the database or the tree was.</summary>
    public string? OriginalPath { get; init; }

    /// <summary>The last name of the file that it describes.</summary>
    public string? FileName { get; init; }

    /// <summary>SHA-256 of the database, or of the whole archive.</summary>
    public Digest? Checksum { get; init; }

    /// <summary>A checksum is given, but it is no SHA-256.</summary>
    public bool HasOtherChecksum { get; init; }

    public long? FileSize { get; init; }

    public long? FileCount { get; init; }

    public long? ChunkMb { get; init; }

    /// <summary>The last names of the parts, in their order; empty if it was not split.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>Of a full backup: the database in it. Null if it has none, or none that succeeded.</summary>
    public PythonMetadata? Database { get; init; }

    public PythonMetadata? Storage { get; init; }

    /// <summary>What that system said went wrong.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <exception cref="DamageError">It is no JSON object, or cannot be read.</exception>
    public static PythonMetadata Read(string path)
    {
        try
        {
            using var file = LinkTrust.OpenToRead(path);
            if (Posix.Status(file).Size > Largest)
            {
                throw new DamageError("is too large");
            }

            using var text = new StreamReader(new FileStream(file, FileAccess.Read));
            using var json = JsonDocument.Parse(text.ReadToEnd(), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return json.RootElement.ValueKind == JsonValueKind.Object ? From(json.RootElement) : throw new DamageError("is no JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter for half characters in places where nobody expects them.
            throw new DamageError("is no JSON", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DamageError($"cannot be read: {e.Message}", e);
        }
    }

    private static PythonMetadata From(JsonElement json)
    {
        var checksum = Text(json, "checksum");
        return new PythonMetadata
        {
            OriginalPath = Text(json, "original_path"),
            FileName = LastName(Text(json, "backup_path")),
            Checksum = ToDigest(checksum),
            HasOtherChecksum = !string.IsNullOrEmpty(checksum) && ToDigest(checksum) is null,
            FileSize = Number(json, "file_size"),
            FileCount = Number(json, "file_count"),
            ChunkMb = Number(json, "chunk_size_mb"),
            Parts = [.. Items(json, "split_files").Select(PartName).OfType<string>()],
            Database = Half(json, "database", "db_success"),
            Storage = Half(json, "storage", "storage_success"),
            Errors = [.. Items(json, "errors").Select(Text).OfType<string>()],
        };
    }

    /// <summary>One half of a full backup: its metadata, or an object that has it as <c>metadata</c>, or just the path.</summary>
    private static PythonMetadata? Half(JsonElement json, string key, string successKey)
    {
        if (!json.TryGetProperty(key, out var half) || IsFalse(json, successKey))
        {
            return null;
        }

        if (half.ValueKind == JsonValueKind.String)
        {
            return new PythonMetadata { FileName = LastName(Text(half)) };
        }

        if (half.ValueKind != JsonValueKind.Object || IsFalse(half, "success"))
        {
            return null;
        }

        return !half.TryGetProperty("backup_path", out _) && half.TryGetProperty("metadata", out var inner) && inner.ValueKind == JsonValueKind.Object
            ? From(inner)
            : From(half);
    }

    private static bool IsFalse(JsonElement json, string key) => json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.False;

    private static string? PartName(JsonElement part)
    {
        if (part.ValueKind == JsonValueKind.Object)
        {
            string[] keys = ["path", "file", "name", "filename", "backup_path", "chunk_path"];
            return LastName(keys.Select(key => Text(part, key)).FirstOrDefault(text => text is not null));
        }

        return LastName(Text(part));
    }

    private static string? LastName(string? path) =>
        path?.Split('/', '\\')[^1] is { Length: > 0 } name ? name : null;

    private static string? Text(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) ? Text(value) : null;

    /// <summary>Null for what is no text; also for half characters, as which Python writes the bytes of a name that is not UTF-8.</summary>
    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static long? Number(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value)
        && double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1L << 62
            ? (long)number
            : null;

    private static JsonElement.ArrayEnumerator Items(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default;

    private static Digest? ToDigest(string? text)
    {
        const string prefix = "sha256:";
        var digits = (text ?? "").Trim().ToLowerInvariant();
        digits = digits.StartsWith(prefix, StringComparison.Ordinal) ? digits[prefix.Length..] : digits;
        return Digest.TryParse(digits, out var digest) ? digest : null;
    }
}
