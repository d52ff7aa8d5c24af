namespace VertexAr.Backup.Model;

/// <summary>A snapshot whose header is whole.</summary>
internal sealed record Snapshot(SnapshotId Id, SnapshotHeader Header);

/// <summary>A snapshot whose header is whole, and of which no more than the type was read.</summary>
internal sealed record TypedSnapshot(SnapshotId Id, SnapshotType Type);

/// <summary>A snapshot whose header is not.</summary>
internal sealed record DamagedSnapshot(SnapshotId Id, string Reason);
