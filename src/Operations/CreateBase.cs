using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Chooses what a run is compared with: runs that were cut off, then the newest snapshot of each type, and the neighbours of an imported one.</summary>
internal static class CreateBase
{
    /// <param name="store">The snapshots.</param>
    /// <param name="snapshots">Those to choose from, oldest first.</param>
    /// <param name="leftBehind">Directories of runs that were cut off.</param>
    /// <param name="packs">Gets the packs that the run can build on.</param>
    /// <param name="progress">Hears of runs that go on.</param>
    /// <param name="damaged">Is given a sentence for what is damaged, and is not built on.</param>
    /// <param name="near">The time of an imported one; null for the newest.</param>
    public static List<EarlierList> Find(
        SnapshotStore store, List<Snapshot> snapshots, List<string> leftBehind, PackRegistry packs, RunProgress progress, Action<string> damaged, SnapshotId? near = null)
    {
        var found = new List<EarlierList>();
        var known = KnownDamage.Read(store.Layout);
        foreach (var directory in leftBehind)
        {
            if (RunStaging.Adopt(directory, store.Layout, packs, known) is { } cut)
            {
                progress.Say(Severity.Information, $"continuing the run that was cut off at {Path.GetFileName(directory)}");
                found.Add(cut);
            }
        }

        var chosen = snapshots.GroupBy(s => s.Header.Type).SelectMany(g => Choose([.. g], near)).ToHashSet();
        foreach (var snapshot in snapshots.AsEnumerable().Reverse().Where(chosen.Contains))
        {
            if (Open(store, snapshot, packs, known, damaged) is { } list)
            {
                found.Add(list);
            }
        }

        return found;
    }

    /// <summary>
    /// The newest of a type, and the newest complete one: what a partial one lacks, for a night without a disk, is not to be stored
    /// once more. For each source the newest complete one in which it is not marked: what comes back is known again, and what was lost is
    /// judged by it. What is imported has most in common with the one before it and the one after it.
    /// </summary>
    private static IEnumerable<Snapshot> Choose(List<Snapshot> ofType, SnapshotId? near) =>
        new[] { ofType[^1], ofType.FindLast(s => s.Header.State == SnapshotState.Complete), near is { } id ? ofType.FindLast(s => s.Id < id) : null, near is { } own ? ofType.Find(s => s.Id > own) : null }
            .Concat(ofType[^1].Header.Sources.Where(source => source.IsMarked).Select(source => ofType.FindLast(s => HasContent(s.Header, source))))
            .OfType<Snapshot>().Distinct();

    private static bool HasContent(SnapshotHeader header, SourceSummary marked) =>
        header.State == SnapshotState.Complete && Array.Exists(header.Sources, source => source.Name == marked.Name && source.Kind == marked.Kind && !source.IsMarked);

    private static EarlierList? Open(SnapshotStore store, Snapshot snapshot, PackRegistry packs, KnownDamage known, Action<string> damaged)
    {
        try
        {
            var handles = store.ReadPackTable(snapshot).ConvertAll(pack => Handle(store.Layout, pack, packs, known, damaged));
            store.CheckFileListSize(snapshot);
            return new EarlierList(
                snapshot.Header.StartedAt,
                store.Layout.FileList(snapshot.Id),
                [.. snapshot.Header.Sources.Select(s => new SourceName(s.Name, s.Kind))],
                [.. handles])
            { Snapshot = snapshot.Id, Summaries = snapshot.Header.Sources, AttributeKinds = snapshot.Header.AttributeKinds };
        }
        catch (DamageError e)
        {
            damaged($"snapshot {snapshot.Id} {e.Message}: everything is read and stored again");
            return null;
        }
    }

    /// <summary>A pack that is gone, of another size, or known to be damaged is never built upon: what it held is stored again while the source still has it.</summary>
    private static int Handle(Layout layout, PackInfo pack, PackRegistry packs, KnownDamage known, Action<string> damaged)
    {
        if (known.TroubleOf(layout, pack) is not { } trouble)
        {
            return PackRegistry.IsWasteful(pack) ? EarlierList.NoHandle : packs.Add(pack);
        }

        damaged($"pack {pack.Sha256} {trouble}: what it held is stored again");
        return EarlierList.NoHandle;
    }
}
