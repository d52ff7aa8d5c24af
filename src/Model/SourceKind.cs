using System.Text.Json.Serialization;

namespace VertexAr.Backup.Model;

/// <summary>The two kinds of things that are backed up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SourceKind>))]
internal enum SourceKind
{
    /// <summary>One SQLite database file.</summary>
    [JsonStringEnumMemberName("database")]
    Database,

    /// <summary>A tree of files.</summary>
    [JsonStringEnumMemberName("storage")]
    Storage,
}

internal static class SourceKinds
{
    /// <summary>The word used in headers and in output.</summary>
    public static string Word(this SourceKind kind) => kind == SourceKind.Database ? "database" : "storage";
}
