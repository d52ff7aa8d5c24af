using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>The snapshots of a repository: found, read, published and removed by their headers.</summary>
/// <param name="layout">Where they lie.</param>
/// <param name="name">What the repository is called, if it is the copy of another; null for where it lies.</param>
/// <param name="trust">Refuses snapshots that others wrote, as if they were damaged; null where no key is known.</param>
internal sealed class SnapshotStore(Layout layout, string? name = null, HeaderTrust? trust = null)
{
    /// <summary>What 'the newest' is called on the command line.</summary>
    public const string Latest = "latest";

    private const int WorthAnotherThread = 100;

    public Layout Layout => layout;

    private string Name => name ?? layout.Root;

    /// <summary>All snapshots, oldest first. Reads headers only.</summary>
    public (List<Snapshot> Whole, List<DamagedSnapshot> Damaged) ReadAll()
    {
        var (whole, damaged) = Each(static (headers, id) => headers.Read(id));
        return (SnapshotOrder.Sort(whole), damaged);
    }

    /// <summary>The type of each snapshot whose header is whole, by ID. Reads no further than that, for speed.</summary>
    public (List<TypedSnapshot> Whole, List<DamagedSnapshot> Damaged) ReadTypes() =>
        Each(static (headers, id) => headers.ReadType(id));

    /// <summary>The snapshot, or what is wrong with it; neither if it was rotated away meanwhile.</summary>
    public (Snapshot? Whole, DamagedSnapshot? Damaged) TryRead(SnapshotId id)
    {
        using var headers = new HeaderReader(layout, trust);
        return Try(headers, id, static (headers, id) => headers.Read(id));
    }

    public List<SnapshotId> Ids()
    {
        using var headers = new HeaderReader(layout, trust);
        return headers.Ids();
    }

    /// <exception cref="DamageError">The header is not whole, or is not this snapshot's.</exception>
    /// <exception cref="UserError">It is of a version we do not know.</exception>
    public Snapshot Read(SnapshotId id)
    {
        using var headers = new HeaderReader(layout, trust);
        return headers.Read(id);
    }

    /// <summary>The SHA-256 of a header's file, which stands for everything in the snapshot.</summary>
    /// <exception cref="PosixError">It cannot be read.</exception>
    public Digest HeaderDigest(SnapshotId id) => Digest.Of(SmallFile.Read(layout.Header(id)).Span);

    /// <summary>Reads something of every header, on two threads if there are many.</summary>
    private (List<T> Whole, List<DamagedSnapshot> Damaged) Each<T>(Func<HeaderReader, SnapshotId, T> read)
        where T : class
    {
        var (whole, damaged, isGone) = TryEach(Ids(), read);
        if (!isGone)
        {
            return (whole, damaged);
        }

        // Rotated away meanwhile; or a share still lists what was there a while ago, and not what has come since.
        layout.SeeAnew();
        (whole, damaged, _) = TryEach(Ids(), read);
        return (whole, damaged);
    }

    private (List<T> Whole, List<DamagedSnapshot> Damaged, bool IsGone) TryEach<T>(List<SnapshotId> ids, Func<HeaderReader, SnapshotId, T> read)
        where T : class
    {
        var results = new object?[ids.Count];
        var half = ids.Count < WorthAnotherThread ? 0 : ids.Count / 2;
        using var threads = new ThreadGroup();
        if (half > 0)
        {
            threads.Start("headers", () => Read(0, half));
        }

        Read(half, ids.Count);
        threads.Join();
        return ([.. results.OfType<T>()], [.. results.OfType<DamagedSnapshot>()], Array.Exists(results, result => result is null));

        void Read(int from, int to)
        {
            using var headers = new HeaderReader(layout, trust);
            for (var i = from; i < to; i++)
            {
                var (whole, damaged) = Try(headers, ids[i], read);
                results[i] = (object?)whole ?? damaged;
            }
        }
    }

    private static (T? Whole, DamagedSnapshot? Damaged) Try<T>(HeaderReader headers, SnapshotId id, Func<HeaderReader, SnapshotId, T> read)
        where T : class
    {
        try
        {
            return (read(headers, id), null);
        }
        catch (DamageError e)
        {
            return (default, new DamagedSnapshot(id, e.Message) { IsUntrusted = e.IsUntrusted });
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // Rotated away since the directory was read: not damage, just gone.
            return default;
        }
        catch (PosixError e)
        {
            return (default, new DamagedSnapshot(id, $"cannot be read: {e.Message}"));
        }
        catch (UserError e)
        {
            // Of a newer version: it stays, and so does every pack, since which of them it needs cannot be told.
            return (default, new DamagedSnapshot(id, e.Message));
        }
    }

    /// <summary>The snapshot that the user means: an ID, the beginning of one, or <c>latest</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="now">With <c>latest</c>, what is dated later is passed over.</param>
    /// <param name="type">With <c>latest</c>, of which type; null for any.</param>
    /// <param name="passedOver">Told of damaged snapshots newer than the one that <c>latest</c> chose.</param>
    /// <exception cref="UserError">None or several fit, or it is damaged.</exception>
    public Snapshot Find(string text, DateTimeOffset now, SnapshotType? type = null, Action<List<DamagedSnapshot>>? passedOver = null)
    {
        if (text == Latest)
        {
            return Newest(now, type, passedOver);
        }

        return ReadOrExplain(FindId(text));
    }

    /// <summary>The one ID that begins so.</summary>
    /// <exception cref="UserError">There is none, or there are several.</exception>
    public SnapshotId FindId(string text)
    {
        var fitting = Ids().FindAll(id => id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase));
        return fitting.Count switch
        {
            1 => fitting[0],
            0 => throw Mistyped($"there is no snapshot '{text}' in {Name}", "'vertex-ar-backup list' shows those that are there"),
            _ => throw Mistyped($"'{text}' fits {fitting.Count} snapshots: {string.Join(", ", fitting.Take(5))}{(fitting.Count > 5 ? ", …" : "")}", "give more of the ID"),
        };

        static UserError Mistyped(string message, string hint) => new(ExitCode.Failed, message, hint) { IsMistyped = true };
    }

    /// <summary>A header as a file.</summary>
    /// <param name="header">Names as its signer the owner of the key, if there is one.</param>
    /// <param name="key">Signs it; null not to.</param>
    public static byte[] Write(SnapshotHeader header, SigningKey? key = null) => SealedJson.Write(json => SnapshotHeaderJson.Write(json, header), key);

    /// <summary>Makes the snapshot exist, unless there is one of that ID. Everything it names is on disk.</summary>
    /// <param name="held">The repository.</param>
    /// <param name="header">What it says.</param>
    /// <param name="file">The same as a file, sealed.</param>
    /// <param name="temporary">Where to write it first, if there is no better place.</param>
    /// <param name="packs">What it needs, for a last look.</param>
    /// <returns>False if there is one.</returns>
    /// <exception cref="UserError">Something that it names is gone, or the right to write is.</exception>
    public static bool TryPublish(RepositoryLock held, SnapshotHeader header, ReadOnlyMemory<byte> file, string temporary, IReadOnlyList<PackInfo> packs)
    {
        temporary = held.HeaderTemporary ?? temporary;
        try
        {
            using (var written = AtomicFile.Create(temporary))
            {
                Posix.Write(written, file.Span);
                Posix.Sync(written);
            }

            // Only now that it is written: whoever takes the lease away after this also removes what would be renamed.
            _ = held.RenewedNow();
            FinalLook.Require(held.Layout, header, packs);
            if (!AtomicFile.TryGiveName(temporary, held.Layout.Header(SnapshotId.Parse(header.Id)!.Value)))
            {
                AtomicFile.RemoveIfThere(temporary);
                return false;
            }

            AtomicFile.SyncDirectory(held.Layout.Snapshots);
            return true;
        }
        catch (PosixError e) when (held.Lost(e) is { } lost)
        {
            throw lost;
        }
    }

    /// <summary>
    /// Makes snapshots not exist: all headers first, on disk, so that nobody finds a header without its lists. Syncing the
    /// directory once for all of them is what keeps the removal of thousands linear. Packs are left to <see cref="Sweep"/>.
    /// </summary>
    public static void Remove(RepositoryLock held, IReadOnlyCollection<SnapshotId> ids)
    {
        if (ids.Count == 0)
        {
            return;
        }

        var layout = held.Layout;
        foreach (var id in ids)
        {
            held.Require();
            AtomicFile.RemoveIfThere(layout.Header(id));
        }

        AtomicFile.SyncDirectory(layout.Snapshots);
        foreach (var id in ids)
        {
            held.Require();
            AtomicFile.RemoveIfThere(layout.FileList(id));
            AtomicFile.RemoveIfThere(layout.PackTable(id));
        }
    }

    /// <summary>Streams the file list, after its checksum was compared with the header's.</summary>
    /// <exception cref="DamageError">The list is missing, cannot be read, or is not the one that was written.</exception>
    public FileListReader OpenFileList(Snapshot snapshot) =>
        Checked(layout.FileList(snapshot.Id), snapshot.Header.Files, FileListReader.Open);

    /// <exception cref="DamageError">The table is missing, cannot be read, or is not the one that was written.</exception>
    public List<PackInfo> ReadPackTable(Snapshot snapshot) =>
        Checked(layout.PackTable(snapshot.Id), snapshot.Header.Packs, PackTable.Read);

    /// <summary>Looks at the file list, and reads nothing of it.</summary>
    /// <exception cref="DamageError">It is missing or of another size.</exception>
    public void CheckFileListSize(Snapshot snapshot) =>
        Readable(layout.FileList(snapshot.Id), path => SizeAsWritten(path, snapshot.Header.Files));

    private static T Checked<T>(string path, PartFile written, Func<string, T> read) => Readable(path, path =>
    {
        _ = SizeAsWritten(path, written);
        using var file = RegularFile.Open(path);
        return Sha256.OfFile(file) == written.Sha256
            ? read(path)
            : throw new DamageError($"has a file {Path.GetFileName(path)} whose content changed since it was written");
    });

    private static T Readable<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (IOException e)
        {
            throw new DamageError($"has a file {Path.GetFileName(path)} that cannot be read: {e.Message}", e);
        }
    }

    private static long SizeAsWritten(string path, PartFile written)
    {
        var size = Posix.StatusOrNull(path)?.Size ?? throw new DamageError($"lacks its file {Path.GetFileName(path)}");
        return size == written.Bytes
            ? size
            : throw new DamageError($"has a file {Path.GetFileName(path)} of {size} bytes that was written with {written.Bytes}");
    }

    private Snapshot Newest(DateTimeOffset now, SnapshotType? type, Action<List<DamagedSnapshot>>? passedOver)
    {
        var (whole, damaged) = ReadAll();
        var newest = FutureId.Split(whole.FindAll(s => type is null || s.Header.Type == type), now).Dated.LastOrDefault();
        passedOver?.Invoke(damaged.FindAll(d => newest is null || (d.Id > newest.Id && !FutureId.Is(d.Id, now))));
        if (newest is not null)
        {
            return newest;
        }

        var kind = type is { } t ? $"{t.Word()} " : "";
        throw UserError.Failed(
            damaged.Count > 0 ? $"{Name} holds no whole {kind}snapshot, and {damaged.Count} damaged" : $"{Name} holds no {kind}snapshot yet",
            damaged.Count > 0 ? "'vertex-ar-backup verify' says what is wrong with them" : "'vertex-ar-backup create' makes one");
    }

    private Snapshot ReadOrExplain(SnapshotId id)
    {
        try
        {
            return Read(id);
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"the header {Path.Combine(Name, Layout.Below.Header(id))} cannot be read: {e.Message}", cause: e);
        }
        catch (DamageError e) when (e.IsUntrusted)
        {
            throw UserError.Failed(
                $"the header {Path.Combine(Name, Layout.Below.Header(id))} {e.Message}",
                "if the snapshot is yours, as one that was made before there was a key: 'vertex-ar-backup key sign' vouches for what is here, and --trust none checks no signatures", e);
        }
        catch (DamageError e)
        {
            throw UserError.Failed($"the header {Path.Combine(Name, Layout.Below.Header(id))} {e.Message}", "use another snapshot; 'vertex-ar-backup verify' tells which are whole", e);
        }
    }
}
