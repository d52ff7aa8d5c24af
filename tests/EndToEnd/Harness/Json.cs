using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>JSON lines, as programs read them.</summary>
internal static class Json
{
    /// <summary>Every line must be an object that says its type.</summary>
    public static IReadOnlyList<JsonNode> Lines(string output)
    {
        Assert.EndsWith("\n", output, StringComparison.Ordinal);
        var lines = output.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).ToList();
        Assert.All(lines, line => Assert.NotNull(line["message_type"]));
        return lines;
    }
}
