namespace VertexAr.Backup.Core;

/// <summary>Space of a file system.</summary>
/// <param name="Total">All of it, in bytes.</param>
/// <param name="Available">What an ordinary user may still fill, in bytes.</param>
/// <param name="IsReadOnly">Whether nothing can be written to it.</param>
/// <param name="Id">As statfs(2) has it: of some types the same for good, of others the device's number.</param>
internal readonly record struct FileSystemSpace(long Total, long Available, bool IsReadOnly, ulong Id);
