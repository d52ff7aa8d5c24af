using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>An entry on its way into the file list. Those with content to store wait there until the workers are through with it.</summary>
internal sealed class CreateItem
{
    private readonly Lock reporting = new();
    private int outstanding;

    /// <param name="entry">An entry whose content, if it has any, is stored already.</param>
    /// <param name="status">What the file looked like, for its further names.</param>
    public CreateItem(FileEntry entry, FileStatus status = default)
    {
        Entry = entry;
        Status = status;
    }

    /// <param name="entry">The file, with room for its pieces.</param>
    /// <param name="file">The open file; closed when its content is stored.</param>
    /// <param name="status">What the open file looked like before it was read.</param>
    /// <param name="jobs">How many parts are to be done: those that the workers get, and a check if there is one.</param>
    public CreateItem(FileEntry entry, SafeFileHandle file, FileStatus status, int jobs)
    {
        Entry = entry;
        File = file;
        Status = status;
        outstanding = jobs + 1;
    }

    public FileEntry Entry { get; private set; }

    public SafeFileHandle? File { get; }

    public FileStatus Status { get; }

    /// <summary>The first name of a hard-linked file, which has the content.</summary>
    public CreateItem? First { get; init; }

    /// <summary>A copy of our own making: nobody changes it while it is read.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>An earlier list's line that says all of it, and this run's handle of its pack.</summary>
    public (KnownLine Line, int Handle)? Known { get; init; }

    /// <summary>The snapshot by which is judged what the source lost has nothing of that name.</summary>
    public bool IsNew { get; init; }

    /// <summary>No other snapshot that the run is compared with has anything of that name either.</summary>
    public bool IsFirstSeen { get; init; }

    /// <summary>Content that is stored already, under another name: it has only moved.</summary>
    public bool IsMoved => IsFirstSeen && NewBytes == 0 && Entry.Size > 0;

    /// <summary>Bytes that were not stored before.</summary>
    public long NewBytes;

    /// <summary>Why the file is not whole in the snapshot; null if it is.</summary>
    public string? Problem { get; private set; }

    /// <summary>The content could not be had at all: the entry is left out.</summary>
    public bool IsLost { get; private set; }

    /// <summary>What the list says in its place if it could not be saved; null if it was.</summary>
    public FileEntry? Absence => !IsLost ? null : Entry.Type == EntryType.Absent ? Entry : AbsenceOf(Entry.Path, Problem!);

    /// <summary>Something that was met and could not be saved, and was reported.</summary>
    public static CreateItem Lost(byte[] path, string reason) => new(AbsenceOf(path, reason)) { IsLost = true };

    private static FileEntry AbsenceOf(byte[] path, string reason) => new()
    {
        Path = path,
        Type = EntryType.Absent,
        Mode = 0,
        Uid = 0,
        Gid = 0,
        Modified = default,
        Changed = default,
        Inode = 0,
        Reason = reason,
    };

    /// <summary>All parts are done, and the file is closed.</summary>
    public bool IsStored => Volatile.Read(ref outstanding) == 0;

    /// <summary>No later run may take the file for unchanged: no file has this inode.</summary>
    public void MustBeReadAgain() => Entry = Entry with { Inode = 0 };

    public void Report(string problem, bool isLost)
    {
        lock (reporting)
        {
            Problem ??= problem;
            IsLost |= isLost;
        }
    }

    /// <summary>A part is done; true for the last one, which closes the file.</summary>
    /// <param name="isConfirmed">Asked whether what was saved is all the same a state of a file that changed.</param>
    public bool FinishPart(Func<CreateItem, FileStatus, bool> isConfirmed)
    {
        // One is left until everything is done, for the list may have the item as soon as none is.
        if (Interlocked.Decrement(ref outstanding) > 1)
        {
            return false;
        }

        CheckUnchanged(isConfirmed);
        File!.Dispose();
        Interlocked.Exchange(ref outstanding, 0);
        return true;
    }

    /// <summary>Whether it is a database or, by its name, what lies next to one.</summary>
    public bool IsOfDatabase() => !SqliteCompanions.DatabaseOf(Entry.Path).IsEmpty || SqliteFile.IsDatabase(File!);

    private void CheckUnchanged(Func<CreateItem, FileStatus, bool> isConfirmed)
    {
        if (!IsPrivate && Problem is null && Posix.Status(File!) is var now && !now.SameContentAs(Status) && !isConfirmed(this, now))
        {
            Report(IsOfDatabase() ? "changed while it was read: it is part of an SQLite database in use, of which such a copy may be torn; name that under 'databases' in the configuration" : "changed while it was read", isLost: false);
        }
    }
}

/// <summary>A part of a file for one worker: pieces <paramref name="First"/> to <paramref name="First"/> + <paramref name="Count"/> - 1 of it.</summary>
internal readonly record struct CreateJob(CreateItem Item, int First, int Count, long Offset);
