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
