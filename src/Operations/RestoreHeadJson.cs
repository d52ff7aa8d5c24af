using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>The first line of a journal, and times as its lines have them.</summary>
internal static class RestoreHeadJson
{
    /// <summary>Of the form of journals.</summary>
    public const int Version = 1;

    public static void Write(Utf8JsonWriter json, RestoreHead head)
    {
        json.WriteNumber("restore", Version);
        json.WriteString("began_at", head.Stamp);
        json.WriteString("what", head.What);
        json.WriteItems("targets", head.Targets, (writer, text) => writer.WriteStringValue(text));
        json.WriteItems("scratch", head.Scratch, (writer, text) => writer.WriteStringValue(text));
        json.WriteItems("pointers", head.Pointers, (writer, text) => writer.WriteStringValue(text));
        json.WriteItems("databases", head.Databases, (writer, text) => writer.WriteStringValue(text));
        json.WriteItems("above", head.Above, WriteTime);
    }

    public static RestoreHead Read(JsonElement json) => new(
        json.Text("began_at"),
        json.Text("what"),
        json.Items("targets", JsonFields.Text),
        json.Items("scratch", JsonFields.Text),
        json.Items("pointers", JsonFields.Text))
    {
        Databases = json.Items("databases", JsonFields.Text),
        Above = json.Items("above", ReadTime),
    };

    public static void WriteTime(Utf8JsonWriter json, DirectoryTime time)
    {
        json.WriteStartObject();
        json.WriteString("path", time.Path);
        json.WriteNumber("seconds", time.Modified.Seconds);
        json.WriteNumber("nanoseconds", time.Modified.Nanoseconds);
        json.WriteEndObject();
    }

    public static DirectoryTime ReadTime(JsonElement json) =>
        new(json.Text("path"), new FileTime(json.GetProperty("seconds").GetInt64(), json.GetProperty("nanoseconds").GetInt32()));
}
