using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Refuses headers that do not prove who wrote them: by a signature of their own, or by their hash in a signed manifest, as those of
/// snapshots that were made before there was a key.
/// </summary>
internal sealed class HeaderTrust
{
    private readonly TrustedKeys keys;
    private readonly Dictionary<SnapshotId, Digest> listed = [];

    /// <param name="keys">Whose signatures count.</param>
    /// <param name="manifests">Signed by one of them; the first that lists a snapshot counts.</param>
    public HeaderTrust(TrustedKeys keys, IEnumerable<SnapshotManifest> manifests)
    {
        this.keys = keys;
        foreach (var (id, header) in manifests.SelectMany(manifest => manifest.Snapshots))
        {
            listed.TryAdd(id, header);
        }
    }

    /// <summary>What vouches for the snapshots of a repository here: its own manifest, and the last of the second place's that was seen.</summary>
    public static HeaderTrust Of(TrustedKeys keys, Layout layout)
    {
        var repository = Repository.ReadMark(layout).Id;
        return new HeaderTrust(
            keys,
            new[] { layout.Manifest, layout.OffsiteManifest }.Select(path => SnapshotManifest.Read(path, keys).Manifest).OfType<SnapshotManifest>()
                .Where(manifest => manifest.Repository == repository));
    }

    /// <param name="signer">The public key that the header names; null if it names none.</param>
    /// <param name="id">The snapshot's.</param>
    /// <param name="file">All of it; its seal fits.</param>
    /// <exception cref="DamageError">The header is not to be believed, and why.</exception>
    public void Check(string? signer, SnapshotId id, ReadOnlyMemory<byte> file)
    {
        if (listed.TryGetValue(id, out var known))
        {
            if (Digest.Of(file.Span) != known)
            {
                throw new DamageError("is not the one that the signed manifest lists: somebody replaced it") { IsUntrusted = true };
            }
        }
        else if (keys.Trouble(file, signer) is { } trouble)
        {
            throw new DamageError(trouble) { IsUntrusted = true };
        }
    }
}
