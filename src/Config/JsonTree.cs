using System.Text.Json;

namespace VertexAr.Backup.Config;

/// <summary>
/// A value of a JSON file and the line it stands in, which neither JsonDocument nor the serializer can tell. Made once for a
/// small file, so that every error in it can be named at once.
/// </summary>
internal sealed class JsonTree
{
    public required JsonTokenType Kind { get; init; }

    /// <summary>Counted from 1.</summary>
    public required int Line { get; init; }

    /// <summary>The value as text: a string's content, a number's digits.</summary>
    public string Text { get; init; } = "";

    /// <summary>Of an object, in the file's order; may hold a key twice.</summary>
    public IReadOnlyList<JsonMember> Members { get; init; } = [];

    /// <summary>Of an array.</summary>
    public IReadOnlyList<JsonTree> Items { get; init; } = [];
}

/// <summary>A value and what it is called.</summary>
/// <param name="Key">Of a member of an object, its name; of an item of an array, that with its number.</param>
/// <param name="Line">Where the key stands, counted from 1.</param>
/// <param name="Value">What is said of it.</param>
internal sealed record JsonMember(string Key, int Line, JsonTree Value);
