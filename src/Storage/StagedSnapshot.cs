using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// What a new snapshot has beside its packs, on disk before any of it has the snapshot's name. None of the three ever replaces what another run, by another
/// way to the same repository, has published under that name.
/// </summary>
/// <param name="FileList">Where the file list is.</param>
/// <param name="PackTable">Where the pack table is.</param>
/// <param name="Header">Where to write the header, if there is no better place.</param>
internal sealed record StagedSnapshot(string FileList, string PackTable, string Header)
{
    /// <summary>Gives all their names: the lists first, synced, and only then the header.</summary>
    /// <param name="held">The repository.</param>
    /// <param name="header">Says which names.</param>
    /// <param name="key">Signs it; null not to.</param>
    /// <param name="packs">What it needs, for a last look.</param>
    /// <returns>False if one of the names is taken; then all are where they were.</returns>
    /// <exception cref="UserError">Something that it names is gone, or the right to write is.</exception>
    public bool TryPublish(RepositoryLock held, SnapshotHeader header, SigningKey? key, IReadOnlyList<PackInfo> packs)
    {
        var layout = held.Layout;
        var id = SnapshotId.Parse(header.Id)!.Value;
        if (NewName.IsTaken(layout.Header(id)) || !NewName.TryGive(FileList, layout.FileList(id)))
        {
            return false;
        }

        if (NewName.TryGive(PackTable, layout.PackTable(id)))
        {
            AtomicFile.SyncDirectory(layout.Snapshots);
            if (SnapshotStore.TryPublish(held, header, Header, key, packs))
            {
                return true;
            }

            TakeBack(layout.PackTable(id), PackTable);
        }

        TakeBack(layout.FileList(id), FileList);
        return false;
    }

    private static void TakeBack(string from, string to) => Posix.Rename(Posix.Here, Posix.Bytes(from), Posix.Here, Posix.Bytes(to));
}
