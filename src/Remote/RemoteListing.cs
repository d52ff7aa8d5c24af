using System.Text.Json;

namespace VertexAr.Backup.Remote;

/// <summary>A file there. The hashes are those that the server knows; null where it knows none.</summary>
internal sealed record RemoteFile(long Size, string? Sha256 = null, string? Md5 = null);

/// <summary>What is there, by path below the top: the only truth about it.</summary>
internal sealed class RemoteListing
{
    /// <summary>Some stores keep two files of one name: which of them is got, nobody knows.</summary>
    private const long Ambiguous = -1;

    private readonly Dictionary<string, RemoteFile> files = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, RemoteFile> Files => files;

    public long? Size(string name) => files.TryGetValue(name, out var file) ? file.Size : null;

    /// <summary>Whether the list came to its end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Takes a line of <c>lsjson</c>: a bracket, or an object and a comma.</summary>
    /// <param name="line">The line.</param>
    /// <param name="below">What was listed, to be put before each path.</param>
    public void Read(string line, string below)
    {
        var text = line.Trim().TrimEnd(',');
        if (text == "]")
        {
            IsComplete = true;
        }
        else if (text.StartsWith('{'))
        {
            Add(text, below);
        }
    }

    /// <summary>Puts what was listed of one directory (empty: the top) in place of what was known of it.</summary>
    public void Replace(string below, RemoteListing part)
    {
        var begin = below.Length == 0 ? "" : below + "/";
        foreach (var name in files.Keys.Where(name => name.StartsWith(begin, StringComparison.Ordinal)).ToList())
        {
            files.Remove(name);
        }

        foreach (var (name, file) in part.files)
        {
            files[name] = file;
        }
    }

    private void Add(string text, string below)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var entry = json.RootElement;
            if (entry.TryGetProperty("IsDir", out var directory) && directory.ValueKind == JsonValueKind.True)
            {
                return;
            }

            var path = entry.GetProperty("Path").GetString()!;
            var file = new RemoteFile(entry.GetProperty("Size").GetInt64(), Hash(entry, "sha256"), Hash(entry, "md5"));
            var name = below.Length == 0 ? path : $"{below}/{path}";
            if (!files.TryAdd(name, file))
            {
                files[name] = new RemoteFile(Ambiguous);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"a line of rclone's list cannot be read: {e.Message}", e);
        }
    }

    private static string? Hash(JsonElement entry, string kind) =>
        entry.TryGetProperty("Hashes", out var hashes) && hashes.ValueKind == JsonValueKind.Object && hashes.TryGetProperty(kind, out var hash)
            && hash.ValueKind == JsonValueKind.String && hash.GetString() is { Length: > 0 } text ? text : null;
}
