using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>
/// What is said before a restore where signatures are checked: what somebody removed, and how old the newest is where nothing here
/// remembers what there was. A signature proves who made a snapshot, not that no newer one is kept back.
/// </summary>
internal static class SigningWarnings
{
    /// <summary>Of snapshots here.</summary>
    public static void BeforeRestore(Surroundings around, SnapshotStore store, Snapshot chosen)
    {
        if (around.Trust is { } keys)
        {
            var manifest = SnapshotManifest.Read(store.Layout.Manifest, keys).Manifest;
            BeforeRestore(around, store.Layout.Root, Signing.Look(around, store.Layout), !keys.SignsHere, manifest, store.ReadAll().Whole is [.., var newest] ? newest : chosen);
        }
    }

    /// <param name="around">Where to say it.</param>
    /// <param name="place">What is restored from.</param>
    /// <param name="tampering">What somebody removed or replaced there.</param>
    /// <param name="isNew">Nothing here remembers what there was.</param>
    /// <param name="manifest">The signed list there; null if there is none.</param>
    /// <param name="newest">The newest snapshot that is there, as far as is known.</param>
    public static void BeforeRestore(Surroundings around, string place, List<Damage> tampering, bool isNew, SnapshotManifest? manifest, Snapshot newest)
    {
        var log = around.Screen.Log;
        tampering.ForEach(one => log.Say(Severity.Warning, $"{one.Thing} {one.Reason}"));
        if (isNew)
        {
            var now = around.Clock.GetUtcNow();
            log.Say(
                Severity.Warning,
                $"nothing here remembers what {place} held before: "
                    + (manifest is null
                        ? $"its newest snapshot is {newest.Id}, made {Units.Age(now - newest.Header.StartedAt)}"
                        : $"its list of {Units.Count(manifest.Snapshots.Count, "snapshot")} was signed {Units.Age(now - manifest.SignedAt)}{(manifest.Snapshots.Count == 0 ? "" : $", and the newest in it is {manifest.Snapshots.Keys.Max()}")}")
                    + "; if there should be a later one, an older state is being shown");
        }
    }
}
