using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>A write-ahead log as it was when its database was copied. Together with the database file it says whether anything was written since.</summary>
internal sealed record WalStatus(long Size, FileTime Modified, FileTime Changed, ulong Inode)
{
    public static WalStatus? From(FileStatus? status) =>
        status is { } s ? new WalStatus(s.Size, s.Modified, s.Changed, s.Inode) : null;
}
