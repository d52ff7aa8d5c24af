using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>What a copy on our disk stands for.</summary>
/// <param name="Path">Where it was, absolute.</param>
/// <param name="Describe">From an entry as it lies on our disk to what it was there.</param>
internal sealed record FormerSource(string Path, Func<FileEntry, FileEntry> Describe);
