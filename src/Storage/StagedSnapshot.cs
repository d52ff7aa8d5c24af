using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

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
    public bool TryPublish(RepositoryLock held, SnapshotHeader header, SigningKey? key, IReadOnlyList<PackInfo> packs) =>
        TryPublish(held, header, SnapshotStore.Write(header, key), packs, replacesLeftovers: false);

    /// <summary>
    /// The same for a snapshot that has its name already: what was left under it by a run that was cut off before the header is replaced. Where it cannot be
    /// told from what somebody is about to publish, by its content or its age, the name is taken.
    /// </summary>
    /// <param name="held">The repository.</param>
    /// <param name="header">What the file says.</param>
    /// <param name="file">The header as it was written first, with its signature.</param>
    /// <param name="packs">What it needs, for a last look.</param>
    /// <returns>False if one of the names is taken; then all are where they were, but for what took the place of a leftover.</returns>
    /// <exception cref="UserError">As above.</exception>
    public bool TryPublishAgain(RepositoryLock held, SnapshotHeader header, ReadOnlyMemory<byte> file, IReadOnlyList<PackInfo> packs) =>
        TryPublish(held, header, file, packs, replacesLeftovers: true);

    private bool TryPublish(RepositoryLock held, SnapshotHeader header, ReadOnlyMemory<byte> file, IReadOnlyList<PackInfo> packs, bool replacesLeftovers)
    {
        var layout = held.Layout;
        var id = SnapshotId.Parse(header.Id)!.Value;
        StagedPart[] parts = [new(FileList, layout.FileList(id), header.Files), new(PackTable, layout.PackTable(id), header.Packs)];
        if (!AtomicFile.IsTaken(layout.Header(id), anew: true)
            && Array.TrueForAll(parts, part => part.TryGiveName() || (replacesLeftovers && part.TryReplaceLeftover(held, layout.Header(id)))))
        {
            AtomicFile.SyncDirectory(layout.Snapshots);
            if (SnapshotStore.TryPublish(held, header, file, Header, packs))
            {
                return true;
            }
        }

        return Array.FindAll(parts, part => !part.TryTakeBack()) is [var lost, ..]
            ? throw FinalLook.Failure(lost.Final, "is another run's by now", id)
            : false;
    }
}

/// <summary>A list or a table on its way to its name.</summary>
/// <param name="staged">Where it is.</param>
/// <param name="final">Its name.</param>
/// <param name="written">What proves it whole.</param>
internal sealed class StagedPart(string staged, string final, PartFile written)
{
    // The file under its name; null while it has none. No file's where it cannot be told from what somebody else may put there.
    private FileStatus? given;

    public string Final => final;

    public bool TryGiveName()
    {
        var before = Posix.StatusAsked(Posix.Here, Posix.Bytes(staged));
        if (!AtomicFile.TryGiveName(staged, final))
        {
            return false;
        }

        // Not by the number that it had: some places give it another with another name.
        given = StatusOrNull() is { } now && (now.Size, now.Modified) == (before.Size, before.Modified) ? now : default(FileStatus);
        return true;
    }

    /// <summary>Takes the place of the same content, or of what is older than the lease of whoever wrote it can be, while there is no header. It stays there, whatever comes.</summary>
    public bool TryReplaceLeftover(RepositoryLock held, string header)
    {
        var old = held.RenewedNow().MinusMilliseconds((long)LeaseJudgement.Longest.TotalMilliseconds);
        if (!(IsOlder(old) || IsWritten()) || AtomicFile.IsTaken(header, anew: true))
        {
            return false;
        }

        held.Require();
        Posix.Rename(Posix.Here, Posix.Bytes(staged), Posix.Here, Posix.Bytes(final));
        return true;
    }

    /// <summary>Undoes <see cref="TryGiveName"/>. Where that is a look and a rename, somebody else's may have come to that name by now.</summary>
    /// <returns>False if it has: that stays, and what was staged is gone.</returns>
    public bool TryTakeBack()
    {
        if (given is not { } ours)
        {
            return true;
        }

        if (StatusOrNull() is not { } now || (now.Device, now.Inode) != (ours.Device, ours.Inode))
        {
            return false;
        }

        Posix.Rename(Posix.Here, Posix.Bytes(final), Posix.Here, Posix.Bytes(staged));
        given = null;
        return true;
    }

    private bool IsOlder(FileTime than) => StatusOrNull() is { IsRegular: true } status && status.Modified < than;

    private bool IsWritten()
    {
        try
        {
            using var file = RegularFile.Open(final);
            return Posix.Status(file).Size == written.Bytes && Sha256.OfFile(file) == written.Sha256;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private FileStatus? StatusOrNull()
    {
        try
        {
            return Posix.StatusAsked(Posix.Here, Posix.Bytes(final));
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }
    }
}
