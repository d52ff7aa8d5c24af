namespace VertexAr.Backup.Model;

/// <summary>A snapshot whose header is whole.</summary>
internal sealed record Snapshot(SnapshotId Id, SnapshotHeader Header);

/// <summary>A snapshot whose header is whole, and of which no more than the type was read; <paramref name="HasOlder"/> if it lists some that are older and have a later ID.</summary>
internal sealed record TypedSnapshot(SnapshotId Id, SnapshotType Type, bool HasOlder);

/// <summary>A snapshot whose header is not.</summary>
internal sealed record DamagedSnapshot(SnapshotId Id, string Reason)
{
    /// <summary>Its header is whole, but does not prove who wrote it.</summary>
    public bool IsUntrusted { get; init; }

    /// <summary>What it is, in a word or two.</summary>
    public string Word => IsUntrusted ? "not trusted" : "damaged";
}
