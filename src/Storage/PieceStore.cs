using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>What the writers of one run share: the lock, the packs, and the index of what is stored, which is built when it is first needed.</summary>
internal sealed class PieceStore(RepositoryLock held, string staging, StoreOptions options, PackRegistry packs, Action<PieceIndex> fill)
{
    private readonly Lazy<PieceIndex> index = new(() =>
    {
        var made = new PieceIndex();
        fill(made);
        return made;
    });

    public StoreOptions Options => options;

    public PackRegistry Packs => packs;

    public PieceIndex Index => index.Value;

    public PackWriter BeginPack(bool compressed)
    {
        RequireSpace(0);
        var handle = packs.Begin();
        return new PackWriter(Path.Combine(staging, $"pack-{handle}.tmp"), handle, compressed ? options.Compressed : options.Stored);
    }

    public void FinishPack(PackWriter pack)
    {
        packs.Finish(pack.Handle, pack.Finish(held.Layout));
        pack.Dispose();
    }

    /// <summary>Puts the names of the packs on disk that this run wrote.</summary>
    public void SyncDirectories()
    {
        foreach (var directory in packs.Written().Select(held.Layout.PackDirectory).Distinct())
        {
            AtomicFile.SyncDirectory(directory);
        }

        AtomicFile.SyncDirectory(held.Layout.Packs);
    }

    /// <exception cref="SpaceError">So many bytes more, and less would be left than may be.</exception>
    public void RequireSpace(long bytes)
    {
        var free = Posix.Space(held.Layout.Root).Available;
        if (free - bytes < options.MinFreeBytes)
        {
            throw new SpaceError(held.Layout.Root, free, options.MinFreeBytes, bytes);
        }
    }
}

/// <summary>The run would leave less free space than it may.</summary>
internal sealed class SpaceError(string root, long free, long kept, long needed) : Exception(
    $"only {free >> 20} MiB are free on the disk of {root}, and min_free_mb keeps {kept >> 20} MiB free{(needed > 0 ? $" beside the {needed >> 20} MiB that a copy of the database takes for a moment" : "")}");
