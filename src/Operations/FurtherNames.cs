using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Counts names that FIFOs, devices and symlinks have besides their first: a list has links for regular files alone.</summary>
internal sealed class FurtherNames
{
    private readonly HashSet<(ulong Device, ulong Inode)> seen = [];
    private int count;

    /// <summary>What to say of them; null if there are none.</summary>
    public string? Sentence =>
        count == 0 ? null
        : $"{Units.Count(count, "further name")} of FIFOs, devices and symlinks {(count == 1 ? "is a file of its own" : "are files of their own")} in the snapshot, and {(count == 1 ? "comes" : "come")} back as such";

    public void Note(FileStatus status) => count += status is { IsDirectory: false, Links: > 1 } && !seen.Add((status.Device, status.Inode)) ? 1 : 0;
}
