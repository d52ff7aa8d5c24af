using System.Text;
using CsCheck;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class DigestTests
{
    private const string OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public void Is_the_sha256_of_the_content() => Assert.Equal(OfNothing, Digest.Of([]).ToString());

    [Fact]
    public void Reads_and_copies_what_it_is_made_of() => Gen.Byte.Array[Digest.Size].Sample(bytes =>
    {
        var digest = Digest.FromBytes(bytes);
        var copy = new byte[Digest.Size];
        digest.CopyTo(copy);
        var text = new byte[Digest.TextSize];
        digest.Format(text);
        return copy.AsSpan().SequenceEqual(bytes)
            && digest.ToString() == Convert.ToHexStringLower(bytes)
            && Encoding.ASCII.GetString(text) == digest.ToString()
            && Digest.TryParse(digest.ToString(), out var read) && read == digest;
    });

    [Theory]
    [InlineData("")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("é3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    public void Anything_but_64_lower_case_digits_is_refused(string text)
    {
        Assert.False(Digest.TryParse(text, out var digest));
        Assert.Equal(default, digest);
    }
}
