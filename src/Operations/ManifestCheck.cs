using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Looks for snapshots that somebody removed or replaced: by the signed list of a repository, and by what each snapshot says of the one before it.</summary>
internal static class ManifestCheck
{
    /// <summary>What is wrong with the list of a repository here, and what it has that is not here.</summary>
    /// <param name="layout">The repository.</param>
    /// <param name="keys">Whose signatures count.</param>
    /// <param name="isKept">This machine keeps the list, so there must be one once a snapshot is signed.</param>
    public static List<Damage> Look(Layout layout, TrustedKeys keys, bool isKept)
    {
        while (true)
        {
            var (manifest, trouble) = SnapshotManifest.Read(layout.Manifest, keys);
            if (manifest is null)
            {
                return trouble is not null ? [new Damage(Name, trouble)]
                    : isKept && HasSigned(layout) ? [new Damage(Name, "is missing, though there are signed snapshots: whether any was removed cannot be seen")]
                    : [];
            }

            if (manifest.Repository != Repository.ReadMark(layout).Id)
            {
                return [new Damage(Name, "is that of another repository")];
            }

            var missing = Missing(manifest, new SnapshotStore(layout).Ids());
            if (missing.Count == 0 || SnapshotManifest.Read(layout.Manifest, keys).Manifest?.Number == manifest.Number)
            {
                return missing;
            }

            // A rotation was quicker: it wrote another list.
        }
    }

    /// <summary>The snapshots of a list that are not there.</summary>
    /// <param name="manifest">Signed, and believed.</param>
    /// <param name="there">What is.</param>
    public static List<Damage> Missing(SnapshotManifest manifest, IEnumerable<SnapshotId> there) =>
        [.. manifest.Snapshots.Keys.Except(there).Order().Select(id => new Damage(
            $"snapshot {id}",
            string.Create(CultureInfo.InvariantCulture, $"is missing: it is in the list that was signed on {manifest.SignedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC, so no rotation removed it")))];

    /// <summary>Snapshots that are not the ones that others were made after.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="snapshots">Whose signatures are right.</param>
    public static List<Damage> Replaced(SnapshotStore store, List<Snapshot> snapshots)
    {
        var there = store.Ids().ToHashSet();
        var damages = new List<Damage>();
        foreach (var snapshot in snapshots)
        {
            if (snapshot.Header.Previous is { } previous && there.Contains(previous.Id) && Digest(store, previous.Id) is { } digest && digest != previous.Header)
            {
                damages.Add(new Damage($"snapshot {previous.Id}", $"is not the one that was here when {snapshot.Id} was made: its header was replaced"));
            }
        }

        return damages;
    }

    private static string Name => Layout.Below.Manifest;

    private static bool HasSigned(Layout layout) => new SnapshotStore(layout).ReadAll().Whole.Exists(snapshot => snapshot.Header.Signer is not null);

    /// <summary>Null if it was rotated away meanwhile.</summary>
    private static Digest? Digest(SnapshotStore store, SnapshotId id)
    {
        try
        {
            return store.HeaderDigest(id);
        }
        catch (PosixError)
        {
            return null;
        }
    }
}
