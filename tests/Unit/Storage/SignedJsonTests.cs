using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class SignedJsonTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly SigningKey key;

    public SignedJsonTests() => key = SigningKey.Make(temp["key"], null);

    public void Dispose() => temp.Dispose();

    [Fact]
    public void All_that_is_before_the_signature_is_signed()
    {
        var file = Signed();

        var split = SignedJson.Split(file)!;

        Assert.Equal("{\n  \"id\": \"x\"", Encoding.UTF8.GetString(split.Content.Span));
        Assert.True(key.Public.HasSigned(split.Content.Span, split.Signature));
    }

    [Fact]
    public void Readers_that_know_no_signatures_read_it_as_before() =>
        Assert.Equal("x", SealedJson.Read(Signed(), json => json.GetProperty("id").GetString()));

    [Fact]
    public void What_is_not_signed_has_no_signature() =>
        Assert.Null(SignedJson.Split(SealedJson.Write(json => json.WriteString("id", "x"))));

    /// <summary>A text cannot hold a line feed, so what looks like the key within one is none.</summary>
    [Fact]
    public void A_text_that_looks_like_a_signature_is_none() =>
        Assert.Null(SignedJson.Split(SealedJson.Write(json => json.WriteString("id", ",\n  \"signature\": \"AAAA"))));

    [Fact]
    public void A_signature_that_never_came_is_none()
    {
        var open = "{\n  \"id\": \"x\",\n  \"signature\": \""u8.ToArray();

        Assert.Null(SignedJson.Split((byte[])[.. open, .. new byte[SealedJson.SealSize]]));
        Assert.Null(SignedJson.Split((byte[])[.. open[..^1], .. new byte[SealedJson.SealSize]]));
        Assert.Empty(SignedJson.Split((byte[])[.. open, (byte)'"', .. new byte[SealedJson.SealSize]])!.Signature);
    }

    [Fact]
    public void Nothing_can_stand_between_signature_and_checksum()
    {
        var file = SealedJson.Write(json =>
        {
            json.WriteString("id", "x");
            json.WriteString("signature", "AAAA");
            json.WriteString("id", "y");
        });

        Assert.Null(SignedJson.Split(file));
    }

    private byte[] Signed() => SealedJson.Write(json => json.WriteString("id", "x"), key);
}
