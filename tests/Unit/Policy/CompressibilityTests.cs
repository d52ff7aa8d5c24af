using System.Text;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class CompressibilityTests
{
    [Theory]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(100_000)]
    [InlineData(1 << 20)]
    public void Random_bytes_are_not_worth_it(int length) => Assert.False(Compressibility.IsWorthCompressing(Noise(length)));

    [Theory]
    [InlineData(4096)]
    [InlineData(100_000)]
    public void Text_is(int length) =>
        Assert.True(Compressibility.IsWorthCompressing(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, length).Select(i => $"{i} "))).AsSpan(0, length)));

    [Fact]
    public void Zeros_are() => Assert.True(Compressibility.IsWorthCompressing(new byte[100_000]));

    [Fact]
    public void Base64_is() => Assert.True(Compressibility.IsWorthCompressing(Encoding.ASCII.GetBytes(Convert.ToBase64String(Noise(100_000)))));

    [Fact]
    public void Small_content_is_since_its_header_is() => Assert.True(Compressibility.IsWorthCompressing(Noise(4095)));

    [Fact]
    public void A_picture_with_a_plain_header_is_not()
    {
        // Dense, but with the zero bytes that JPEG stuffs after 0xFF, and 600 plain bytes of tables in front.
        var picture = Noise(200_000);
        Array.Clear(picture, 0, 600);
        for (var i = 601; i < picture.Length; i++)
        {
            picture[i] = picture[i - 1] == 0xFF ? (byte)0 : picture[i];
        }

        Assert.False(Compressibility.IsWorthCompressing(picture));
    }

    [Fact]
    public void Half_text_and_half_noise_is() =>
        Assert.True(Compressibility.IsWorthCompressing([.. Noise(50_000), .. new byte[100_000]]));

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // The same noise in every run.
        new Random(1).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }
}
