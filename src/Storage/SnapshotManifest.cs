using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The file <c>manifest.json</c>: the signed list of the snapshots that there are, each by the hash of its header. Whoever removes a
/// snapshot without the key is found out by it, and what was there before there was a key is vouched for.
/// </summary>
internal sealed record SnapshotManifest
{
    public const string FormatName = "vertex-ar-backup manifest";

    /// <summary>The id of the repository whose snapshots these are.</summary>
    public required string Repository { get; init; }

    /// <summary>One more than that of the manifest before it: which of two is the later.</summary>
    public required long Number { get; init; }

    public required DateTimeOffset SignedAt { get; init; }

    /// <summary>As <see cref="PublicKey.Text"/>.</summary>
    public required string Signer { get; init; }

    /// <summary>The hash of each header's file.</summary>
    public required IReadOnlyDictionary<SnapshotId, Digest> Snapshots { get; init; }

    /// <summary>A manifest, if it is there and a trusted key signed it.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="keys">Whose signature counts.</param>
    /// <returns>Neither if there is none; what is wrong, as the end of a sentence, if it proves nothing.</returns>
    public static (SnapshotManifest? Manifest, string? Trouble) Read(string path, TrustedKeys keys)
    {
        try
        {
            var file = SmallFile.Read(path);
            var manifest = SealedJson.Read(file, Read);
            return keys.Trouble(file, manifest.Signer) is { } trouble ? (null, trouble) : (manifest, null);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return default;
        }
        catch (PosixError e)
        {
            return (null, $"cannot be read: {e.Message}");
        }
        catch (DamageError e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The file, signed.</summary>
    public byte[] ToBytes(SigningKey key) => SealedJson.Write(Write, key);

    private static SnapshotManifest Read(JsonElement json)
    {
        if (json.Text("format") != FormatName)
        {
            throw new FormatException();
        }

        var snapshots = new Dictionary<SnapshotId, Digest>();
        foreach (var link in json.Items("snapshots", SnapshotHeaderJson.ReadLink))
        {
            if (!snapshots.TryAdd(link.Id, link.Header))
            {
                throw new FormatException();
            }
        }

        return new SnapshotManifest
        {
            Repository = json.Text("repository"),
            Number = json.Number("number"),
            SignedAt = json.Time("signed_at"),
            Signer = json.Text("signer"),
            Snapshots = snapshots,
        };
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteString("format", FormatName);
        json.WriteString("repository", Repository);
        json.WriteNumber("number", Number);
        json.WriteString("signed_at", SignedAt);
        json.WriteItems("snapshots", Snapshots.OrderBy(one => one.Key), static (json, one) => json.WriteObject(new SnapshotLink(one.Key, one.Value), SnapshotHeaderJson.WriteLink));
        json.WriteString("signer", Signer);
    }
}
