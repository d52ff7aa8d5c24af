using System.IO.Compression;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PackTableTests : IDisposable
{
    private static readonly PackInfo Pack = new(Digest.Of("a"u8), 10, UInt128.MaxValue >> 4, 8, 4);

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Reads_what_it_writes()
    {
        List<PackInfo> packs = [.. Enumerable.Range(1, 1000).Select(i => new PackInfo(Digest.Of(BitConverter.GetBytes(i)), i, (UInt128)i << 90, i, i / 2))];
        var part = PackTable.Write(packs, temp["t"]);
        Assert.Equal(packs, PackTable.Read(temp["t"]));
        Assert.Equal((1000L, Digest.Of(File.ReadAllBytes(temp["t"]))), (part.Lines, part.Sha256));
    }

    [Fact]
    public void A_table_of_nothing_is_a_gzip_file_of_nothing()
    {
        PackTable.Write([], temp["t"]);
        Assert.Equal((0, ""), Tools.Run("gzip", "-dc", temp["t"]));
        Assert.Empty(PackTable.Read(temp["t"]));
    }

    [Fact]
    public void A_line_is_as_the_format_describes_it()
    {
        PackTable.Write([Pack], temp["t"]);
        Assert.Equal(
            $"{{\"sha256\":\"{Pack.Sha256}\",\"bytes\":10,\"xxh128\":\"0fffffffffffffffffffffffffffffff\",\"content_bytes\":8,\"used_bytes\":4}}\n",
            Tools.Run("gzip", "-dc", temp["t"]).Output);
    }

    [Fact]
    public void A_line_of_megabytes_is_damage_and_not_read()
    {
        using (var gzip = new GZipStream(File.Create(temp["t"]), CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes("{\"sha256\":\"" + new string('a', 4 << 20) + "\"}\n"));
        }

        Assert.Contains("too long", Assert.Throws<DamageError>(() => PackTable.Read(temp["t"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"bytes\":10", "\"bytes\":0")]
    [InlineData("\"bytes\":10", "\"bytes\":-1")]
    [InlineData("\"bytes\":10", "\"bytes\":1e99")]
    [InlineData("\"bytes\":10,", "")]
    [InlineData("\"content_bytes\":8", "\"content_bytes\":-8")]
    [InlineData("\"xxh128\":\"0f", "\"xxh128\":\"0g")]
    [InlineData("\"xxh128\":\"0f", "\"xxh128\":\" f")]
    [InlineData("\"xxh128\":\"0f", "\"xxh128\":\"0fffff")]
    [InlineData("\"sha256\":\"ca", "\"sha256\":\"CA")]
    [InlineData("\"sha256\":\"ca", "\"sha256\":\"c")]
    [InlineData("\"sha256\":\"ca", "\"sha256\":null,\"x\":\"")]
    [InlineData("{", "[")]
    [InlineData("{", "null{")]
    public void A_hostile_line_is_damage(string good, string bad)
    {
        PackTable.Write([Pack], temp["t"]);
        var line = Tools.Run("gzip", "-dc", temp["t"]).Output;
        Assert.Contains(good, line, StringComparison.Ordinal);
        using (var gzip = new GZipStream(File.Create(temp["t"]), CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(line.Replace(good, bad, StringComparison.Ordinal)));
        }

        Assert.Equal("holds a line that cannot be read", Assert.Throws<DamageError>(() => PackTable.Read(temp["t"])).Message);
    }
}
