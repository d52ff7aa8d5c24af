using System.IO.Compression;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("\n", new[] { "" })]
    [InlineData("a\n\nb\n", new[] { "a", "", "b" })]
    public void Lines_come_without_their_line_feed(string text, string[] lines) => Assert.Equal(lines, Read(Zip(text)));

    [Fact]
    public void A_line_may_be_longer_than_the_buffer()
    {
        var lines = Enumerable.Range(0, 20).Select(i => new string((char)('a' + i), i * 30_001)).ToArray();
        Assert.Equal(lines, Read(Zip(string.Concat(lines.Select(l => l + "\n")))));
    }

    [Fact]
    public void Several_gzip_members_are_one_text() => Assert.Equal(["abc", "d"], Read([.. Zip("ab"), .. Zip("c\nd\n")]));

    [Fact]
    public void An_end_within_a_line_is_damage() => Assert.Throws<DamageError>(() => Read(Zip("a\nb")));

    [Fact]
    public void A_cut_stream_is_damage()
    {
        var whole = Zip("first\nsecond\n");
        for (var length = 1; length < whole.Length; length++)
        {
            Assert.Throws<DamageError>(() => Read(whole[..length]));
        }
    }

    [Fact]
    public void Something_else_is_damage() => Assert.Throws<DamageError>(() => Read("no gzip at all"u8.ToArray()));

    [Fact]
    public void A_line_that_is_longer_than_its_kind_can_be_is_damage_and_not_read()
    {
        var asked = 0;
        LineLimit limit = begin =>
        {
            asked++;
            return begin.StartsWith("long"u8) ? 1 << 20 : 1;
        };
        Assert.Equal(["short", "long" + new string('x', 500_000)], Read(Zip("short\nlong" + new string('x', 500_000) + "\n"), limit));
        Assert.Contains("too long", Assert.Throws<DamageError>(() => Read(Zip("long" + new string('x', 3 << 20) + "\n"), limit)).Message, StringComparison.Ordinal);
        asked = 0;
        Assert.Contains("too long", Assert.Throws<DamageError>(() => Read(Zip(new string('x', 64 << 20) + "\n"), limit)).Message, StringComparison.Ordinal);
        Assert.Equal(1, asked);
    }

    [Fact]
    public void A_disk_that_cannot_read_is_damage()
    {
        using var broken = new UnreadableStream();
        using var reader = new LineReader(broken, _ => long.MaxValue);
        Assert.Throws<DamageError>(() => reader.TryRead(out _));
    }

    private static List<string> Read(byte[] gzip, LineLimit? longest = null)
    {
        using var reader = new LineReader(new MemoryStream(gzip), longest ?? (_ => long.MaxValue));
        var lines = new List<string>();
        while (reader.TryRead(out var line))
        {
            lines.Add(Encoding.UTF8.GetString(line));
        }

        Assert.False(reader.TryRead(out _));
        return lines;
    }

    private static byte[] Zip(string text)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }

    private sealed class UnreadableStream : MemoryStream
    {
        public override int Read(Span<byte> buffer) => throw new IOException("Input/output error");

        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("Input/output error");
    }
}
