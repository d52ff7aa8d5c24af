namespace VertexAr.Backup.Model;

/// <summary>What a snapshot covers. Retention counts each type by itself.</summary>
internal enum SnapshotType
{
    Database,
    Storage,
    Full,
}

internal static class SnapshotTypes
{
    /// <summary>The word used on the command line, in headers and in output.</summary>
    public static string Word(this SnapshotType type) => type switch
    {
        SnapshotType.Database => "database",
        SnapshotType.Storage => "storage",
        _ => "full",
    };

    public static bool Covers(this SnapshotType type, SourceKind kind) =>
        type == SnapshotType.Full || (type == SnapshotType.Database) == (kind == SourceKind.Database);

    public static SnapshotType? FromWord(string word) => word switch
    {
        "database" => SnapshotType.Database,
        "storage" => SnapshotType.Storage,
        "full" => SnapshotType.Full,
        _ => null,
    };
}
