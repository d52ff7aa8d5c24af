using System.Text;
using System.Text.Json;

namespace VertexAr.Backup.Model;

/// <summary>Files and directories that lay in a tree and were left out of it, for one reason.</summary>
/// <param name="Kind">Why, in the words of <see cref="ForeignKinds"/>; a later version may know others.</param>
/// <param name="Source">The source that saves them, by name; null if none does.</param>
/// <param name="Count">How many; a directory that was not gone into counts once. More than 0.</param>
internal sealed record LeftOut(string Kind, string? Source, long Count)
{
    /// <summary>As many paths of one reason are recorded.</summary>
    public const int MostPaths = 1000;

    /// <summary>
    /// Where they were, below the tree's top; empty for what is known by its name or by a pattern, and in snapshots of earlier versions. Fewer
    /// than <see cref="Count"/> means that not all are known.
    /// </summary>
    public IReadOnlyList<byte[]> Paths { get; init; } = [];

    public bool IsSane => Count > 0 && Paths.All(path => EntryRules.IsSafePath(path));

    /// <summary>Whether paths of a kind are recorded: what was excluded, what restores put aside, and a socket, are known when they are seen.</summary>
    public static bool HasPaths(ForeignKind kind) => kind is not (ForeignKind.Excluded or ForeignKind.Leftover or ForeignKind.Socket);

    public static LeftOut Read(JsonElement json) => new(json.Text("kind"), json.IfThere("source", JsonFields.Text), json.Number("count"))
    {
        Paths =
        [
            .. (json.IfThere("paths", JsonFields.Texts) ?? []).Select(Encoding.UTF8.GetBytes),
            .. (json.IfThere("paths_b64", JsonFields.Texts) ?? []).Select(Convert.FromBase64String),
        ],
    };

    public static void Write(Utf8JsonWriter json, LeftOut left)
    {
        json.WriteStartObject();
        json.WriteString("kind", left.Kind);
        json.WriteIfThere("source", left.Source);
        json.WriteNumber("count", left.Count);
        WritePaths(json, "paths", left.Paths.Where(IsText), static path => Encoding.UTF8.GetString(path));
        WritePaths(json, "paths_b64", left.Paths.Where(path => !IsText(path)), Convert.ToBase64String);
        json.WriteEndObject();
    }

    private static void WritePaths(Utf8JsonWriter json, string key, IEnumerable<byte[]> paths, Func<byte[], string> text)
    {
        string[] texts = [.. paths.Select(text)];
        if (texts.Length > 0)
        {
            json.WriteItems(key, texts, static (json, path) => json.WriteStringValue(path));
        }
    }

    private static bool IsText(byte[] path) => System.Text.Unicode.Utf8.IsValid(path);
}
