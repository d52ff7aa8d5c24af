namespace VertexAr.Backup.Operations;

/// <summary>A part of a tree that is on one mount: the top, or a directory on which something is mounted.</summary>
/// <param name="Live">Where it is.</param>
/// <param name="Fresh">Where it was restored to, on the same mount; null if the snapshot has nothing of it.</param>
/// <param name="Kept">The directory for what it holds now, on the same mount.</param>
/// <param name="Probe">What can be done there.</param>
internal sealed record RestoreRegion(byte[] Live, byte[]? Fresh, byte[] Kept, IRestoreProbe Probe);
