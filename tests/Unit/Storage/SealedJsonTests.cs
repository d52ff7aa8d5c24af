using System.Text;
using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class SealedJsonTests
{
    private static readonly RepositoryMark Mark = new()
    {
        Format = "vertex-ar-backup",
        Version = 1,
        Id = "0123",
        CreatedAt = new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero),
    };

    private static readonly byte[] File = SealedJson.Write(Mark.Write);

    [Fact]
    public void Reads_what_it_writes() => Assert.Equal(Mark, Read(File));

    [Fact]
    public void The_file_is_json_whose_last_key_is_the_sha256_of_what_is_before_its_comma()
    {
        var text = Encoding.UTF8.GetString(File);
        var comma = text.IndexOf(",\n  \"checksum\": ", StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(text[..comma])).ToString(), json.RootElement.GetProperty("checksum").GetString());
        Assert.Equal("checksum", json.RootElement.EnumerateObject().Last().Name);
    }

    [Fact]
    public void Any_flipped_bit_is_refused()
    {
        for (var bit = 0; bit < File.Length * 8; bit++)
        {
            var bad = File.ToArray();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<DamageError>(() => Read(bad));
        }
    }

    [Fact]
    public void Any_cut_or_added_byte_is_refused()
    {
        for (var length = 0; length < File.Length; length++)
        {
            var at = length;
            Assert.Throws<DamageError>(() => Read(File.AsSpan(0, at)));
            Assert.Throws<DamageError>(() => Read(File.AsSpan(at + 1)));
            Assert.Throws<DamageError>(() => Read([.. File.AsSpan(0, at), (byte)' ', .. File.AsSpan(at)]));
        }

        Assert.Throws<DamageError>(() => Read([.. File, (byte)'\n']));
    }

    [Fact]
    public void A_sealed_file_of_another_kind_is_refused()
    {
        Assert.Throws<DamageError>(() => Read(SealedJson.Write(json => json.WriteString("id", Mark.Id))));
    }

    private static RepositoryMark Read(ReadOnlySpan<byte> file) => SealedJson.Read(file.ToArray(), RepositoryMark.Read);
}
