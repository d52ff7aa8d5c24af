using System.Text.Json;

namespace VertexAr.Backup.Remote;

/// <summary>What the place can do.</summary>
/// <param name="CanMove">
/// It renames files by itself. Where it does, files may be seen while they are still being written; where it does not, as with
/// object stores, a file is there whole or not at all.
/// </param>
/// <param name="HasSha256">It tells the SHA-256 of a file.</param>
/// <param name="HasMd5">It tells the MD5 of a file.</param>
/// <param name="IsWrapped">It is another place seen through something, such as crypt.</param>
internal sealed record RemoteFeatures(bool CanMove, bool HasSha256, bool HasMd5, bool IsWrapped)
{
    /// <summary>Reads what <c>backend features</c> prints; null if it is not that.</summary>
    public static RemoteFeatures? Read(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var hashes = json.RootElement.GetProperty("Hashes").EnumerateArray().Select(hash => hash.GetString()).ToList();
            var features = json.RootElement.GetProperty("Features");
            var isWrapped = features.TryGetProperty("UnWrap", out var unwraps) && unwraps.ValueKind == JsonValueKind.True;
            return new RemoteFeatures(features.GetProperty("Move").GetBoolean(), Has("sha256"), Has("md5"), isWrapped);

            // Versions spell them differently.
            bool Has(string kind) => hashes.Exists(hash => hash?.Replace("-", "", StringComparison.Ordinal).Equals(kind, StringComparison.OrdinalIgnoreCase) == true);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
