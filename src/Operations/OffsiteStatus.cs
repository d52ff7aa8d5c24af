using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>How much of a snapshot is in the second place, by names and sizes.</summary>
internal enum Presence
{
    None,

    /// <summary>Its header is there, and something that it needs is not.</summary>
    Incomplete,

    Whole,
}

/// <summary>Where a snapshot is.</summary>
internal sealed record OffsiteRow(SnapshotId Id, SnapshotHeader Header, bool IsHere, Presence There);

/// <summary>Which snapshots are where, oldest first. <paramref name="Bytes"/> is what the second place holds in all.</summary>
internal sealed record OffsiteStatus(IReadOnlyList<OffsiteRow> Rows, IReadOnlyList<DamagedSnapshot> DamagedThere, long Bytes)
{
    /// <summary>The newest that is here; null if none is.</summary>
    public OffsiteRow? NewestHere => Rows.LastOrDefault(row => row.IsHere);

    /// <summary>The newest that is there as it should be; null if none is.</summary>
    public OffsiteRow? NewestThere => Rows.LastOrDefault(row => row.There == Presence.Whole);

    /// <param name="store">The repository here; null if there is none.</param>
    /// <param name="offsite">The second place.</param>
    public static OffsiteStatus Read(SnapshotStore? store, OffsiteSnapshots offsite)
    {
        var here = store?.ReadAll().Whole ?? [];
        var ids = here.Select(snapshot => snapshot.Id).ToHashSet();
        var (onlyThere, damaged) = offsite.FetchHeaders(offsite.Ids().Where(id => !ids.Contains(id)));
        var rows = here.ConvertAll(snapshot => new OffsiteRow(snapshot.Id, snapshot.Header, IsHere: true, Look(store!, offsite, snapshot)))
            .Concat(onlyThere.Select(snapshot => new OffsiteRow(
                snapshot.Id, snapshot.Header, IsHere: false, HasLists(offsite, snapshot) ? Presence.Whole : Presence.Incomplete)));
        return new OffsiteStatus(
            SnapshotOrder.Sort(rows, static row => row.Id, static row => row.Header.Older),
            damaged,
            Units.Sum(offsite.There.Files.Where(file => !OffsiteUpload.IsAside(file.Key)).Select(file => Math.Max(0, file.Value.Size))));
    }

    private static Presence Look(SnapshotStore store, OffsiteSnapshots offsite, Snapshot snapshot)
    {
        var header = Layout.Below.Header(snapshot.Id);
        if (offsite.There.Size(header) is not { } size)
        {
            return Presence.None;
        }

        return size == Posix.StatusOrNull(store.Layout.Header(snapshot.Id))?.Size && HasLists(offsite, snapshot) && HasPacks(store, offsite, snapshot)
            ? Presence.Whole
            : Presence.Incomplete;
    }

    private static bool HasLists(OffsiteSnapshots offsite, Snapshot snapshot) =>
        offsite.There.Size(Layout.Below.FileList(snapshot.Id)) == snapshot.Header.Files.Bytes
        && offsite.There.Size(Layout.Below.PackTable(snapshot.Id)) == snapshot.Header.Packs.Bytes;

    private static bool HasPacks(SnapshotStore store, OffsiteSnapshots offsite, Snapshot snapshot)
    {
        try
        {
            return store.ReadPackTable(snapshot).TrueForAll(pack => offsite.There.Size(Layout.Below.Pack(pack.Sha256)) == pack.Bytes);
        }
        catch (DamageError)
        {
            // Damage here says nothing of what is there; 'offsite verify' looks.
            return true;
        }
    }
}
