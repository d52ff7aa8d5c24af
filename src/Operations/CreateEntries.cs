using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Turns what the sources yield into entries: those that an earlier run saw unchanged with its pieces, the others with work for the pipeline.</summary>
internal sealed class CreateEntries(
    CreatePipeline pipeline, CreateList list, List<EarlierList> earlier, CreateUnchanged unchanged, PieceStore store, CreateReferences references,
    Func<SourceName, string, EarlierList?> yardstick)
{
    private readonly FileLineHead head = new();
    private readonly CreateAttributes attributes = new(list);
    private readonly HashSet<ulong> synced = [];
    private readonly CreateAccess access = new(pipeline, list, store.Options.PackBytes);
    private FormerSource? was;
    private EarlierList? judge;
    private Thread? checking;

    /// <summary>A database whose file and log are as they were when a checked copy was taken need not be copied again.</summary>
    public static FileEntry? FindDatabase(List<EarlierList> earlier, SourceName source, byte[] path, DatabaseStatus now) =>
        FindDatabase(earlier, source, path, now, out _);

    /// <summary>The same, with how much it held then; null where that was not noted.</summary>
    public static FileEntry? FindDatabase(List<EarlierList> earlier, SourceName source, byte[] path, DatabaseStatus now, out DatabaseContent? content)
    {
        content = null;
        foreach (var list in earlier)
        {
            if (list.Find(source, path) is { HasContent: true } known
                && known.Modified == now.File.Modified && known.Changed == now.File.Changed && known.Inode == now.File.Inode
                && known.Wal == now.Wal && CreateUnchanged.IsTrusted(now.File.Changed, list.StartedAt)
                && (now.Wal is null || CreateUnchanged.IsTrusted(now.Wal.Changed, list.StartedAt)))
            {
                content = list.ContentOf(source);
                return known;
            }
        }

        return null;
    }

    public void AddDatabase(DatabaseOptions options, SqliteSource source, TimeProvider clock, string staging, RunProgress progress, CancellationToken stop)
    {
        // One copy at a time, for the space; and none after one that proved damaged, whose trouble is the one to tell.
        checking?.Join();
        pipeline.ThrowIfFailed();
        was = options.Was;
        attributes.AreRead = was is null;
        if (was is not null)
        {
            AddCopy(ListPath.OfFile(options.Name, was.Path), options.Path);
            return;
        }

        var name = new SourceName(options.Name, SourceKind.Database);
        var path = ListPath.OfFile(options.Name, options.Path);
        if (LookAt(source, options.Name) is not { } before)
        {
            return;
        }

        if (source.LookForLog() is { } trouble)
        {
            list.Warn(path, trouble.Reason, trouble.IsLoss);
        }

        if (FindDatabase(earlier, name, path, before, out var content) is { } known
            && references.AskLive(options.Name, path, source.File, options.LockTimeout, clock, () => IsUnchanged(before, source.Look())))
        {
            pipeline.Add(new CreateItem(Describe(path, EntryType.File, before.File) with
            {
                Size = known.Size,
                Pieces = known.Pieces,
                Wal = before.Wal,
                Attributes = attributes.Of(path, () => AttributePlace.At(source.File)),
            }));
            list.Measured(options.Name, content ?? source.Measure(stop));
            return;
        }

        if (!CreateSpace.IsThere(store, list, options.Name, before))
        {
            return;
        }

        var copy = Path.Combine(staging, $"{options.Name}.db");
        if (Copy(source, options.Name, copy, progress, stop) is not { } file)
        {
            return;
        }

        var status = Posix.Status(file);
        var pieces = CreatePieces.PlanDatabase(status.Size);
        var entry = Describe(path, EntryType.File, before.File) with { Size = status.Size, Pieces = pieces, Wal = before.Wal, Attributes = attributes.Of(path, () => AttributePlace.At(source.File)) };
        var parts = CreatePieces.Jobs(pieces, PackWriter.MemberBytes);
        var item = new CreateItem(entry, file, status, parts.Count + 1) { IsPrivate = true };
        checking = pipeline.Add(item, parts, stopping =>
        {
            try
            {
                if (IsIntact(source, options.Name, path, copy, item, progress, stopping))
                {
                    list.Measured(options.Name, DatabaseMeasure.OfFile(copy));
                    references.AskCopy(options.Name, path, copy);
                }
            }
            finally
            {
                // The open file is all that is needed: no copy of the database outlives this process.
                AtomicFile.RemoveIfThere(copy);
            }
        });
    }

    private DatabaseStatus? LookAt(SqliteSource source, string name)
    {
        try
        {
            return source.Look();
        }
        catch (UserError e)
        {
            list.Fail(name, SourceState.Missing, e.Message, e.Hint);
            return null;
        }
    }

    /// <summary>What is not sound is checked again by every run: whoever reads only the last one hears of it too.</summary>
    private bool IsIntact(
        SqliteSource source, string name, byte[] path, string copy, CreateItem item, RunProgress progress, CancellationToken stop)
    {
        var check = source.Check(copy, progress, stop);
        if (check.Health is not (SqliteHealth.Sound or SqliteHealth.Empty))
        {
            item.MustBeReadAgain();
        }

        if (check.Health == SqliteHealth.Damaged)
        {
            list.Fail(name, SourceState.Damaged, source.Damage(check.Detail), SqliteSource.DamageHint);
            return false;
        }

        if (check.Warning is { } warning)
        {
            list.Warn(path, warning, isLoss: false);
        }

        return true;
    }

    private SafeFileHandle? Copy(SqliteSource source, string name, string copy, RunProgress progress, CancellationToken stop)
    {
        try
        {
            source.Copy(copy, progress, stop);
            return Posix.OpenToRead(Posix.Here, Posix.Bytes(copy));
        }
        catch (UserError e) when (!SqliteFile.IsFullDisk(e.InnerException) && !PosixError.IsFullDisk(e))
        {
            AtomicFile.RemoveIfThere(copy);
            list.Fail(name, SourceState.Missing, e.Message, e.Hint);
            return null;
        }
        catch
        {
            AtomicFile.RemoveIfThere(copy);
            throw;
        }
    }

    /// <summary>A database that nobody has open, and that was checked.</summary>
    private void AddCopy(byte[] path, string copy)
    {
        list.Measured(ListPath.Source(path), DatabaseMeasure.OfFile(copy));
        var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(copy));
        var status = Posix.Status(file);
        Add(Describe(path, EntryType.File, status) with { Pieces = CreatePieces.PlanDatabase(status.Size) }, file, status, isPrivate: true);
    }

    public void AddTree(TreeOptions options, DirectorySource source, CancellationToken stop)
    {
        was = options.Was;
        attributes.AreRead = was is null;
        var name = new SourceName(options.Name, SourceKind.Storage);
        judge = yardstick(name, unchanged.Place = options.Path);
        var linked = new Dictionary<(ulong Device, ulong Inode), CreateItem>();
        var further = new FurtherNames();
        foreach (var walked in source.WalkAhead(stop))
        {
            stop.ThrowIfCancellationRequested();
            pipeline.ThrowIfFailed();
            SyncOnce(walked);
            NoteWeakPlace(name, walked);
            if (walked.WithoutLog is { } database)
            {
                list.Warn(database, "its SQLite log is not saved with it, and may hold rows: name it under 'databases' in the configuration", isLoss: true);
            }

            if (walked.Problem is { } problem)
            {
                access.Report(walked.Path, problem);
            }
            else if (walked.Foreign is { } foreign)
            {
                list.LeaveOut(walked.Path, foreign);
                if (walked.MountPoint is { } point)
                {
                    pipeline.Add(new CreateItem(Describe(walked.Path, EntryType.Directory, point) with { Size = 0 }));
                }
            }
            else if (walked.Status.IsRegular)
            {
                AddFile(name, walked, linked);
            }
            else
            {
                further.Note(walked.Status);
                AddOther(name, walked);
            }
        }

        if (!source.IsStillInPlace)
        {
            list.Warn(Posix.Bytes(name.Name), $"{options.Place} was moved away or replaced while it was read: files may be missing", isLoss: true);
        }

        if (further.Sentence is { } sentence)
        {
            list.Warn(Posix.Bytes(name.Name), sentence, isLoss: false);
        }
    }

    /// <summary>After the run's start and before anything of a file system is read: what changes after that has a time after the run's start.</summary>
    private void SyncOnce(WalkedEntry walked)
    {
        if (was is null && (walked.Status.IsDirectory || walked.NameOnDisk is not null) && synced.Add(walked.Status.Device))
        {
            walked.SyncFileSystem();
        }
    }

    /// <summary>Where files are known by size and time alone, that is said once, not each night: the next run finds it in the snapshot.</summary>
    private void NoteWeakPlace(SourceName source, WalkedEntry walked)
    {
        if (was is null && walked is { Foreign: null, Problem: null } && unchanged.WeakPlace(walked.Status) is { } place
            && list.NoteByMtime(source.Name) && !earlier.Exists(before => before.IsByMtime(source, unchanged.Place)))
        {
            list.Inform(source.Name, unchanged.Explain(place));
        }
    }

    private bool IsNew(SourceName source, WalkedEntry walked, EarlierList? from = null) => judge is not null && from != judge && !judge.Has(source, walked.Path);

    private void AddFile(SourceName source, WalkedEntry walked, Dictionary<(ulong Device, ulong Inode), CreateItem> linked)
    {
        var key = (walked.Status.Device, walked.Status.Inode);
        if (walked.Status.Links > 1 && linked.TryGetValue(key, out var first) && walked.Status.IsSameFileAs(first.Status))
        {
            pipeline.Add(new CreateItem(Describe(walked.Path, EntryType.HardLink, first.Status) with
            {
                Size = first.Entry.Size,
                Target = first.Entry.Path,
                Attributes = first.Entry.Attributes,
            })
            { First = first, IsNew = IsNew(source, walked) });
            return;
        }

        // Of what is under the name by now, which need not be the file that the walk saw there.
        if ((AddUnchanged(source, walked) ?? AddNew(source, walked)) is { Status: { Links: > 1 } status } item)
        {
            linked[(status.Device, status.Inode)] = item;
        }
    }

    private CreateItem? AddUnchanged(SourceName source, WalkedEntry walked)
    {
        if (walked.Status.Links == 1 && FindNext(source, walked) is { } next)
        {
            pipeline.Add(next);
            return next;
        }

        if (unchanged.Find(source, walked) is not var (known, from))
        {
            return null;
        }

        var entry = Describe(walked.Path, EntryType.File, walked.Status) with
        {
            Pieces = known.Pieces,
            Attributes = attributes.AreKnownTo(from) && known.IsUnchanged(walked.Status) ? known.Attributes : attributes.Of(walked),
        };
        var item = new CreateItem(entry, walked.Status) { IsNew = IsNew(source, walked, from) };
        pipeline.Add(item);
        return item;
    }

    /// <summary>The quick way for a file that did not change, in a list that comes to it next.</summary>
    private CreateItem? FindNext(SourceName source, WalkedEntry walked)
    {
        if (earlier.Count == 0)
        {
            return null;
        }

        var entry = Describe(walked.Path, EntryType.File, walked.Status);
        var text = head.Of(entry);
        foreach (var list in earlier)
        {
            if (CreateUnchanged.IsTrusted(walked.Status.Changed, list.StartedAt) && attributes.AreKnownTo(list) && !unchanged.IsToBeRead(walked, list) && list.FindNext(source, text, entry.Size) is { } known)
            {
                return new CreateItem(entry, walked.Status) { Known = known, IsNew = IsNew(source, walked, list) };
            }
        }

        return null;
    }

    private CreateItem? AddNew(SourceName source, WalkedEntry walked) =>
        access.Open(walked) is var (file, status, pieces)
            ? Add(
                Describe(walked.Path, EntryType.File, status) with { Pieces = pieces, Attributes = attributes.Of(walked.Path, () => AttributePlace.Of(file)) },
                file,
                status,
                isPrivate: false,
                IsNew(source, walked),
                !earlier.Exists(list => list.Has(source, walked.Path)))
            : null;

    private CreateItem Add(FileEntry entry, SafeFileHandle file, FileStatus status, bool isPrivate, bool isNew = false, bool isFirstSeen = false)
    {
        if (entry.Pieces.Length == 0)
        {
            file.Dispose();
            var empty = new CreateItem(entry, status) { IsNew = isNew };
            pipeline.Add(empty);
            return empty;
        }

        var parts = CreatePieces.Jobs(entry.Pieces, PackWriter.MemberBytes);
        var item = new CreateItem(entry, file, status, parts.Count) { IsPrivate = isPrivate, IsNew = isNew, IsFirstSeen = isFirstSeen };
        pipeline.Add(item, parts);
        return item;
    }

    private void AddOther(SourceName source, WalkedEntry walked)
    {
        if (walked.Status.IsSymlink)
        {
            if (access.ReadLink(walked) is { } target)
            {
                AddOther(walked, EntryType.Symlink, target, IsNew(source, walked));
            }

            return;
        }

        AddOther(walked, walked.Status.IsDirectory ? EntryType.Directory
            : walked.Status.IsFifo ? EntryType.Fifo
            : walked.Status.IsBlockDevice ? EntryType.BlockDevice
            : EntryType.CharacterDevice);
    }

    private void AddOther(WalkedEntry walked, EntryType type, byte[]? target = null, bool isNew = false) =>
        pipeline.Add(new CreateItem(Describe(walked.Path, type, walked.Status) with
        {
            Size = 0,
            Target = target,
            Device = type.IsDevice() ? walked.Status.Node : null,
            Attributes = attributes.Of(walked),
        })
        { IsNew = isNew });

    private static bool IsUnchanged(DatabaseStatus before, DatabaseStatus now) => now.File.SameContentAs(before.File) && now.Wal == before.Wal;

    private FileEntry Describe(byte[] path, EntryType type, FileStatus status) =>
        was is null ? DescribeAsIs(path, type, status) : was.Describe(DescribeAsIs(path, type, status));

    private static FileEntry DescribeAsIs(byte[] path, EntryType type, FileStatus status) => new()
    {
        Path = path,
        Type = type,
        Mode = status.Permissions,
        Uid = status.Uid,
        Gid = status.Gid,
        User = Accounts.UserName(status.Uid),
        Group = Accounts.GroupName(status.Gid),
        Size = status.Size,
        Modified = status.Modified,
        Changed = status.Changed,
        Inode = status.Inode,
    };
}
