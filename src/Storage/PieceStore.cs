using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>What the writers of one run share: the lock, the packs, and the index of what is stored, which is built when it is first needed.</summary>
internal sealed class PieceStore(RepositoryLock held, string staging, StoreOptions options, PackRegistry packs, Action<PieceIndex> fill) : IDisposable
{
    private readonly Lazy<PieceIndex> index = new(() => new PieceIndex(fill, staging));

    public StoreOptions Options => options;

    public PieceIndex Index => index.Value;

    public PackWriter BeginPack(bool compressed)
    {
        RequireSpace(0);
        held.RequireNotKnownLost();
        var handle = packs.Begin();
        return new PackWriter(Path.Combine(staging, $"pack-{handle}.tmp"), handle, compressed ? options.Compressed : options.Stored);
    }

    /// <summary>Returns when the pack is on disk. Its name is after <see cref="SyncDirectories"/>.</summary>
    public void FinishPack(PackWriter pack) => packs.Finish(pack.Handle, pack.Finish(held.Layout));

    /// <summary>Puts the names of the packs on disk that this run wrote.</summary>
    public void SyncDirectories()
    {
        foreach (var directory in packs.Written().Select(held.Layout.PackDirectory).Distinct())
        {
            AtomicFile.SyncDirectory(directory);
        }

        AtomicFile.SyncDirectory(held.Layout.Packs);
    }

    public void Dispose()
    {
        if (index.IsValueCreated)
        {
            index.Value.Dispose();
        }
    }

    /// <summary>Stops the run before it would leave less space than it may.</summary>
    /// <param name="bytes">What is about to be written at once.</param>
    /// <param name="purpose">What for, where that is known.</param>
    /// <exception cref="SpaceError">There is not enough.</exception>
    public void RequireSpace(long bytes, string? purpose = null)
    {
        var free = Posix.Space(held.Layout.Root).Available;
        if (free - bytes < options.MinFreeBytes)
        {
            var need = purpose is null ? "" : $"{purpose} takes {Units.Size(bytes)}, and ";
            throw new SpaceError($"too little space: {need}only {Units.Size(free)} are free on the disk of {held.Layout.Root} (min_free_mb keeps {Units.Size(options.MinFreeBytes)} free)");
        }
    }
}

/// <summary>The run would leave less free space than it may.</summary>
internal sealed class SpaceError(string message) : Exception(message);
