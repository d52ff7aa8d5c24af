namespace VertexAr.Backup.Model;

/// <summary>The two kinds of things that are backed up.</summary>
internal enum SourceKind
{
    /// <summary>One SQLite database file.</summary>
    Database,

    /// <summary>A tree of files.</summary>
    Storage,
}

internal static class SourceKinds
{
    /// <summary>The word used in headers and in output.</summary>
    public static string Word(this SourceKind kind) => kind == SourceKind.Database ? "database" : "storage";

    public static SourceKind? FromWord(string word) => word switch
    {
        "database" => SourceKind.Database,
        "storage" => SourceKind.Storage,
        _ => null,
    };
}
