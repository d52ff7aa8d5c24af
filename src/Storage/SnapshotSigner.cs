using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Signs the snapshots of a repository, and keeps the signed list of them, <c>manifest.json</c>.</summary>
/// <param name="key">What is signed with.</param>
/// <param name="trusted">Whose signatures count, the key's own among them.</param>
internal sealed class SnapshotSigner(SigningKey key, TrustedKeys trusted)
{
    public SigningKey Key => key;

    public TrustedKeys Trusted => trusted;

    /// <summary>
    /// Brings the list up to date: snapshots that prove who wrote them are added. One that is listed and was removed by somebody else
    /// stays listed, so that it is missed until <see cref="Vouch"/>.
    /// </summary>
    /// <param name="held">The lock of the repository.</param>
    /// <param name="removing">Snapshots that are about to be removed.</param>
    /// <param name="now">The time.</param>
    /// <returns>What is wrong with the list that was there, as the end of a sentence; null if nothing is.</returns>
    public string? Update(RepositoryLock held, IReadOnlyCollection<SnapshotId> removing, DateTimeOffset now)
    {
        var (former, trouble) = SnapshotManifest.Read(held.Layout.Manifest, trusted);
        var listed = former?.Snapshots.ToDictionary() ?? [];
        var store = new SnapshotStore(held.Layout, trust: new HeaderTrust(trusted, []));
        foreach (var id in store.Ids().Where(id => !listed.ContainsKey(id) && store.TryRead(id).Whole is not null))
        {
            listed.Add(id, store.HeaderDigest(id));
        }

        foreach (var id in removing)
        {
            listed.Remove(id);
        }

        Save(held.Layout, former, listed, now);
        return trouble;
    }

    /// <summary>The snapshots that are listed, those too that somebody removed: no other may have their IDs.</summary>
    public IEnumerable<SnapshotId> Listed(Layout layout) => SnapshotManifest.Read(layout.Manifest, trusted).Manifest?.Snapshots.Keys ?? [];

    /// <summary>Lists exactly the snapshots that are here and whole, whoever wrote them: the operator says that they are right.</summary>
    public void Vouch(RepositoryLock held, IEnumerable<SnapshotId> snapshots, DateTimeOffset now)
    {
        var store = new SnapshotStore(held.Layout);
        Save(held.Layout, SnapshotManifest.Read(held.Layout.Manifest, trusted).Manifest, snapshots.ToDictionary(id => id, store.HeaderDigest), now);
    }

    /// <summary>A list of other snapshots than those of a repository here, as of its second place.</summary>
    /// <param name="repository">The repository's id.</param>
    /// <param name="former">The list before it; null if there is none.</param>
    /// <param name="snapshots">The hash of each header.</param>
    /// <param name="now">The time.</param>
    public SnapshotManifest Next(string repository, SnapshotManifest? former, IReadOnlyDictionary<SnapshotId, Digest> snapshots, DateTimeOffset now) => new()
    {
        Repository = repository,
        Number = (former?.Number ?? 0) + 1,
        SignedAt = now,
        Signer = key.Public.Text,
        Snapshots = snapshots,
    };

    private void Save(Layout layout, SnapshotManifest? former, IReadOnlyDictionary<SnapshotId, Digest> snapshots, DateTimeOffset now) =>
        AtomicFile.Write(Path.Combine(layout.Staging, "manifest.tmp"), layout.Manifest, Next(Repository.ReadMark(layout).Id, former, snapshots, now).ToBytes(key));
}
