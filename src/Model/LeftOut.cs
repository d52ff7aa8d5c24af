using System.Text.Json;

namespace VertexAr.Backup.Model;

/// <summary>Files and directories that lay in a tree and were left out of it, for one reason.</summary>
/// <param name="Kind">Why, in the words of <see cref="ForeignKinds"/>; a later version may know others.</param>
/// <param name="Source">The source that saves them, by name; null if none does.</param>
/// <param name="Count">How many; a directory that was not gone into counts once. More than 0.</param>
internal sealed record LeftOut(string Kind, string? Source, long Count)
{
    public static LeftOut Read(JsonElement json) => new(json.Text("kind"), json.IfThere("source", JsonFields.Text), json.Number("count"));

    public static void Write(Utf8JsonWriter json, LeftOut left)
    {
        json.WriteStartObject();
        json.WriteString("kind", left.Kind);
        json.WriteIfThere("source", left.Source);
        json.WriteNumber("count", left.Count);
        json.WriteEndObject();
    }
}
