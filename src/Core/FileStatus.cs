namespace VertexAr.Backup.Core;

/// <summary>What the kernel knows of a file without opening it. The mount's number is 0 where the kernel is too old to tell (before 5.8).</summary>
internal readonly record struct FileStatus(
    uint Mode, uint Uid, uint Gid, long Size, ulong Device, ulong Inode, uint Links, long Blocks, ulong MountId, FileTime Modified, FileTime Changed)
{
    private const uint TypeMask = 0xF000;

    /// <summary>When it was made; 1970 where the file system does not know.</summary>
    public FileTime Born { get; init; }

    /// <summary>
    /// When it was made, if that can be relied upon. Not on an overlay, which makes a file of a lower layer again when it is renamed or written to, nor on others
    /// without a device of their own (major number 0); of those none uses an inode's number again soon.
    /// </summary>
    public FileTime LastingBorn => IsOnDisk ? Born : default;

    public bool IsOnDisk => Device >> 32 != 0;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsSymlink => (Mode & TypeMask) == 0xA000;

    public bool IsSocket => (Mode & TypeMask) == 0xC000;

    public bool IsFifo => (Mode & TypeMask) == 0x1000;

    public bool IsBlockDevice => (Mode & TypeMask) == 0x6000;

    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;

    /// <summary>Which device a device node stands for; not of interest for anything else.</summary>
    public DeviceNumber Node { get; init; }

    /// <summary>Looks at a path, following links; null if there is nothing, or nothing that can be looked at.</summary>
    public static FileStatus? IfSeen(string path)
    {
        try
        {
            return Posix.StatusOrNull(path);
        }
        catch (PosixError)
        {
            return null;
        }
    }

    public static FileStatus Of(in PosixCalls.StatxBuffer told) => new(
        told.Mode, told.Uid, told.Gid, (long)told.Size, ((ulong)told.DeviceMajor << 32) | told.DeviceMinor, told.Inode, told.Links, (long)told.Blocks,
        (told.Mask & 0x1000) != 0 ? told.MountId : 0, TimeOf(told.Modified), TimeOf(told.Changed))
    {
        Born = (told.Mask & 0x800) != 0 ? TimeOf(told.Born) : default,
        Node = new DeviceNumber(told.SpecialMajor, told.SpecialMinor),
    };

    /// <summary>Whether the other is on another mount: nothing can be renamed from here to there.</summary>
    public bool IsOnOtherMount(in FileStatus other) => Device != other.Device || MountId != other.MountId;

    /// <summary>
    /// Whether it is the same file, under another name or later. The number of one that is gone is soon another's, and where FUSE shows several disks, files
    /// of two of them may have one: so it must have been made at the same time, or, where that is not told, not have changed at all.
    /// </summary>
    public bool IsSameFileAs(in FileStatus other) =>
        Born != default && other.Born != default ? (Device, Inode, Born) == (other.Device, other.Inode, other.Born) : SameContentAs(other);

    /// <summary>Permission bits, with set-uid, set-gid and sticky.</summary>
    public int Permissions => (int)(Mode & 0xFFF);

    /// <summary>Fewer blocks than bytes: there may be holes.</summary>
    public bool MayHaveHoles => Blocks * 512 < Size;

    /// <summary>Bytes that are not holes, at most. A sparse file can be called any size.</summary>
    public long Occupied => Math.Min(Size, Blocks * 512);

    /// <summary>What a file that is no file, directory or symlink is called.</summary>
    public string SpecialName => (Mode & TypeMask) switch
    {
        0xC000 => "socket",
        0x1000 => "FIFO",
        0x6000 => "block device",
        0x2000 => "character device",
        _ => "special file",
    };

    /// <summary>The same content as far as the kernel can tell: nobody wrote to it, resized or replaced it between the two looks.</summary>
    public bool SameContentAs(in FileStatus other) =>
        Inode == other.Inode && Device == other.Device && Size == other.Size
        && Modified == other.Modified && Changed == other.Changed;

    private static FileTime TimeOf(in PosixCalls.StatxTime time) => new(time.Seconds, (int)time.Nanoseconds);
}
