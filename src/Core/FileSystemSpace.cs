namespace VertexAr.Backup.Core;

/// <summary>Space of a file system.</summary>
/// <param name="Total">All of it, in bytes.</param>
/// <param name="Available">What an ordinary user may still fill, in bytes; where that is unknown, more than there can be.</param>
/// <param name="IsReadOnly">Whether nothing can be written to it.</param>
/// <param name="Id">As statfs(2) has it: of some types the same for good, of others the device's number.</param>
internal readonly record struct FileSystemSpace(long Total, long Available, bool IsReadOnly, ulong Id)
{
    private const long NoLimit = 1L << 62;

    /// <summary>Whether the file system tells nothing but zeros, as some do that do not know (FUSE, clouds without a quota) or have no limit (tmpfs).</summary>
    public bool IsUnknown => Total == 0;

    /// <param name="unit">In bytes; what follows is counted in these.</param>
    /// <param name="total">All of it.</param>
    /// <param name="free">What root may still fill.</param>
    /// <param name="available">What others may.</param>
    /// <param name="isReadOnly">As above.</param>
    /// <param name="id">As above.</param>
    public static FileSystemSpace Of(ulong unit, ulong total, ulong free, ulong available, bool isReadOnly, ulong id) => total == 0 && free == 0 && available == 0
        ? new FileSystemSpace(0, NoLimit, isReadOnly, id)
        : new FileSystemSpace(Math.Max(1, (long)(total * unit)), (long)(available * unit), isReadOnly, id);
}
