using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>A snapshot whose header is whole.</summary>
internal sealed record Snapshot(SnapshotId Id, SnapshotHeader Header);

/// <summary>A snapshot whose header is not.</summary>
internal sealed record DamagedSnapshot(SnapshotId Id, string Reason);
