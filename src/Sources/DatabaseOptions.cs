namespace VertexAr.Backup.Sources;

/// <summary>A database to copy.</summary>
/// <param name="Name">What it is called in snapshots.</param>
/// <param name="Path">The database file, absolute.</param>
/// <param name="LockTimeout">How long to wait while somebody else keeps the database locked.</param>
internal sealed record DatabaseOptions(string Name, string Path, TimeSpan LockTimeout)
{
    /// <summary>A finished copy is stored as it is, byte for byte, and said to be this; null for a live database.</summary>
    public FormerSource? Was { get; init; }
}
