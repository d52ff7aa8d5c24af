namespace VertexAr.Backup.Core;

/// <summary>Space of a file system, in bytes. <paramref name="Available"/> is what an ordinary user may still fill.</summary>
internal readonly record struct FileSystemSpace(long Total, long Available, bool IsReadOnly);
