using System.Formats.Tar;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PackEntriesTests
{
    [Fact]
    public void Files_are_read_in_their_order_whatever_their_names()
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(Entry(new UstarTarEntry(TarEntryType.RegularFile, "short"), "one"));
            writer.WriteEntry(Entry(new PaxTarEntry(TarEntryType.RegularFile, new string('l', 3000) + "ü"), "two"));
            writer.WriteEntry(Entry(new UstarTarEntry(TarEntryType.RegularFile, "full"), new string('x', 512)));
            writer.WriteEntry(Entry(new PaxTarEntry(TarEntryType.RegularFile, "last"), "four"));
        }

        tar.Position = 0;
        var entries = new PackEntries(tar);
        Assert.Equal((3, "one"), (entries.Next(), Content(entries)));
        Assert.Equal((3, "two"), (entries.Next(), Content(entries)));
        Assert.Equal(512, entries.Next());
        Assert.Equal(4, entries.Next());
        Assert.Equal("four", Content(entries));
        Assert.Null(entries.Next());
    }

    [Fact]
    public void A_size_in_a_pax_header_or_in_binary_counts()
    {
        var pax = Encoding.UTF8.GetBytes("10 path=x\n9 size=5\n");
        Assert.Equal(5, new PackEntries(Stream([.. Header('x', pax.Length), .. Padded(pax), .. Header('0', 3), .. Padded("12345"u8)])).Next());
        Assert.Equal(1L << 40, new PackEntries(Stream(Header('0', 1L << 40))).Next());
    }

    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    [InlineData('3')]
    [InlineData('5')]
    [InlineData('g')]
    [InlineData('L')]
    [InlineData('S')]
    public void What_is_no_file_is_damage(char type) => AssertDamage(Header(type, 0));

    [Fact]
    public void Headers_that_ask_for_much_memory_are_damage()
    {
        AssertDamage(Header('x', 1L << 31));
        AssertDamage(Header('x', 1L << 60));
    }

    [Theory]
    [InlineData("3 path=x\n")]
    [InlineData("99 path=x\n")]
    [InlineData("-9 path=x\n")]
    [InlineData("path=x\n")]
    [InlineData("10 size=-\n")]
    [InlineData("11 size=-1\n")]
    public void Nonsense_in_a_pax_header_is_damage(string records) =>
        AssertDamage([.. Header('x', records.Length), .. Padded(Encoding.UTF8.GetBytes(records)), .. Header('0', 0)]);

    [Fact]
    public void A_header_that_does_not_add_up_is_damage()
    {
        var header = Header('0', 3);
        header[0] ^= 1;
        AssertDamage(header);
        header = Header('0', 3);
        header[124] = (byte)'9';
        AssertDamage(header);
    }

    [Fact]
    public void An_entry_that_is_cut_short_is_damage()
    {
        var entries = new PackEntries(Stream([.. Header('0', 1000), .. new byte[100]]));
        Assert.Equal(1000, entries.Next());
        Assert.Throws<DamageError>(() => entries.Read(new byte[2000]));
        entries = new PackEntries(Stream([.. Header('0', 1000), .. new byte[100]]));
        entries.Next();
        Assert.Throws<DamageError>(() => entries.Next());
    }

    private static void AssertDamage(byte[] tar) => Assert.Throws<DamageError>(() => new PackEntries(Stream(tar)).Next());

    private static MemoryStream Stream(byte[] bytes) => new(bytes);

    private static byte[] Padded(ReadOnlySpan<byte> content) => [.. content, .. new byte[-content.Length & 511]];

    private static string Content(PackEntries entries)
    {
        var buffer = new byte[1000];
        return Encoding.UTF8.GetString(buffer, 0, entries.Read(buffer));
    }

    private static TarEntry Entry(TarEntry entry, string content)
    {
        entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        return entry;
    }

    private static byte[] Header(char type, long size)
    {
        var header = new byte[512];
        "name"u8.CopyTo(header);
        header[124] = 0x80;
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), size);
        header[156] = (byte)type;
        header.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(b => b), 8).PadLeft(6, '0')).CopyTo(header, 148);
        return header;
    }
}
