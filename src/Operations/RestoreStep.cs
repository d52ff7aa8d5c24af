using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Which file a name holds: its inode, its type, and when it was made, since inodes are used again. Not the device, whose number
/// may be another after the reboot after which a restore must go on.
/// </summary>
internal readonly record struct FileIdentity(ulong Inode, uint Type, FileTime Born)
{
    private const uint TypeMask = 0xF000;

    public static FileIdentity Of(in FileStatus status) => new(status.Inode, status.Mode & TypeMask, status.LastingBorn);

    public bool Is(in FileStatus? status) => status is { } there && Of(there) == this;
}

/// <summary>Mode (permission bits), owner, time, ACLs and attributes of a directory.</summary>
internal sealed record DirectoryMeta(int Mode, uint Uid, uint Gid, FileTime Modified)
{
    /// <summary>As <see cref="DirectoryAttributes"/> writes them; null to leave those that it has.</summary>
    public string? Attributes { get; init; }

    public static DirectoryMeta Of(in FileStatus status) => new(status.Permissions, status.Uid, status.Gid, status.Modified);
}

/// <summary>
/// One thing that a restore in place does, as data: printed before it is done, stored before the first one is, and each of
/// them to be told from the disk whether it is done. All paths are absolute and hold no link. The set is closed:
/// <see cref="RestoreExecutor"/> does them and takes them back, <see cref="RestoreStepJson"/> stores them.
/// </summary>
internal abstract record RestoreStep
{
    private protected RestoreStep()
    {
    }
}

/// <summary>Two names change places in one instant.</summary>
/// <param name="Path">Where it belongs.</param>
/// <param name="Old">What is there before.</param>
/// <param name="Fresh">Where the restored one was made.</param>
/// <param name="New">What is there before.</param>
internal sealed record ExchangeStep(byte[] Path, FileIdentity Old, byte[] Fresh, FileIdentity New) : RestoreStep;

/// <summary>Something restored takes a name that nothing has.</summary>
/// <param name="Path">Where it belongs.</param>
/// <param name="Fresh">Where it was made.</param>
/// <param name="New">What is there before.</param>
/// <param name="Kept">Where something goes that came to the name meanwhile.</param>
internal sealed record BringStep(byte[] Path, byte[] Fresh, FileIdentity New, byte[] Kept) : RestoreStep;

/// <summary>What was there gets the name that it is kept under.</summary>
/// <param name="From">Where it is before: its own place, or where the restored one was that has taken it.</param>
/// <param name="Kept">A name that nothing has.</param>
/// <param name="What">What is moved.</param>
internal sealed record KeepStep(byte[] From, byte[] Kept, FileIdentity What) : RestoreStep
{
    /// <summary>It lies at a staging name then, since the restored one has changed places with it.</summary>
    public bool IsStaged { get; init; }
}

/// <summary>A directory is made, for what is kept or for what has none above it.</summary>
internal sealed record MakeDirectoryStep(byte[] Path, DirectoryMeta Meta) : RestoreStep;

/// <summary>A directory goes that is empty by then.</summary>
internal sealed record RemoveDirectoryStep(byte[] Path, FileIdentity What, DirectoryMeta Meta) : RestoreStep;

/// <summary>A directory that stays gets the mode, owner and time that the snapshot has of it. Repeated at will, also at the end.</summary>
internal sealed record SetDirectoryStep(byte[] Path, FileIdentity What, DirectoryMeta New, DirectoryMeta Old) : RestoreStep;

/// <summary>A file that is mounted by itself keeps its name and its inode, and gets another's content.</summary>
/// <param name="Path">The file.</param>
/// <param name="What">Which it is, before and after.</param>
/// <param name="Fresh">The restored one.</param>
/// <param name="Kept">A copy of what it held.</param>
/// <param name="Copying">The name of such a copy until it is on disk; in a directory that is the restore's alone, on the same mount.</param>
internal sealed record OverwriteStep(byte[] Path, FileIdentity What, byte[] Fresh, byte[] Kept, byte[] Copying) : RestoreStep;
