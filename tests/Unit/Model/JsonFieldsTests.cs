using System.Text;
using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class JsonFieldsTests
{
    private const string Good = """{"text":"a","number":5,"time":"2026-11-26T01:02:03Z","kind":"storage","items":["x","y"],"unknown":{"text":null}}""";

    [Fact]
    public void Fields_are_read_and_others_passed_over() => Assert.Equal(("a", 5L, 2026, SourceKind.Storage, "xy"), Read(Good));

    [Theory]
    [InlineData("\"text\":\"a\",", "")]
    [InlineData("\"text\":\"a\"", "\"text\":null")]
    [InlineData("\"text\":\"a\"", "\"text\":1")]
    [InlineData("\"number\":5", "\"number\":\"5\"")]
    [InlineData("\"number\":5", "\"number\":5.5")]
    [InlineData("\"number\":5", "\"number\":9223372036854775808")]
    [InlineData("2026-11-26T", "2026-13-26T")]
    [InlineData("\"storage\"", "\"tapes\"")]
    [InlineData("[\"x\",\"y\"]", "[\"x\",null]")]
    [InlineData("[\"x\",\"y\"]", "{}")]
    [InlineData("}}", "}")]
    [InlineData("}}", "}}x")]
    public void What_is_not_as_it_should_be_is_damage(string good, string bad)
    {
        Assert.Contains(good, Good, StringComparison.Ordinal);
        Assert.Equal("is not good", Assert.Throws<DamageError>(() => Read(Good.Replace(good, bad, StringComparison.Ordinal))).Message);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    public void What_is_no_object_is_damage(string text) => Assert.Throws<DamageError>(() => Read(text));

    [Fact]
    public void A_field_that_may_be_missing_may_be_null_too()
    {
        static string? Hint(string text) => JsonFields.Read(Encoding.UTF8.GetBytes(text), json => json.IfThere("hint", JsonFields.Text), "");

        Assert.Equal((null, null, "h"), (Hint("{}"), Hint("""{"hint":null}"""), Hint("""{"hint":"h"}""")));
        Assert.Throws<DamageError>(() => Hint("""{"hint":7}"""));
    }

    private static (string Text, long Number, int Year, SourceKind Kind, string Items) Read(string text) =>
        JsonFields.Read(Encoding.UTF8.GetBytes(text), static (JsonElement json) =>
            (json.Text("text"), json.Number("number"), json.Time("time").Year, json.Word("kind", SourceKinds.FromWord), string.Concat(json.Items("items", JsonFields.Text))), "is not good");
}
