using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>A database to copy.</summary>
/// <param name="Name">What it is called in snapshots.</param>
/// <param name="Path">The database file, absolute.</param>
/// <param name="LockTimeout">How long to wait while somebody else keeps the database locked.</param>
internal sealed record DatabaseOptions(string Name, string Path, TimeSpan LockTimeout)
{
    /// <summary>The file that the path leads to, by way of links. SQLite keeps the log next to this one, so everything is read here.</summary>
    public string File { get; } = RealPath.Of(Path);

    /// <summary>For messages: the path, and where it leads if that is elsewhere.</summary>
    public string Place => File == Path ? Path : $"{Path} -> {File}";

    /// <summary>An earlier snapshot has it as a database: a file that is none is not another kind of file, but a damaged one.</summary>
    public bool IsKnownAsDatabase { get; init; }

    /// <summary>A finished copy is stored as it is, byte for byte, and said to be this; null for a live database.</summary>
    public FormerSource? Was { get; init; }
}
