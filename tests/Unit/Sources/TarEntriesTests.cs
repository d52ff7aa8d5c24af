using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class TarEntriesTests
{
    private static readonly DateTimeOffset Time = new(2024, 1, 7, 3, 0, 0, 250, TimeSpan.Zero);

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void Each_kind_of_archive_is_read(TarEntryFormat format)
    {
        var archive = Archive(
            New(format, TarEntryType.Directory, "storage/"),
            New(format, format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "storage/a", "content"),
            New(format, TarEntryType.SymbolicLink, "storage/link", target: "../../etc/passwd"),
            New(format, TarEntryType.HardLink, "storage/again", target: "storage/a"));

        var read = Read(archive);

        Assert.Equal(["storage", "storage/a", "storage/link", "storage/again"], read.Select(r => Encoding.UTF8.GetString(r.Entry.Path)));
        Assert.Equal([EntryType.Directory, EntryType.File, EntryType.Symlink, EntryType.HardLink], read.Select(r => r.Entry.Type!.Value));
        Assert.Equal("content", read[1].Content);
        Assert.Equal("../../etc/passwd", Encoding.UTF8.GetString(read[2].Entry.Target!));
        Assert.Equal("storage/a", Encoding.UTF8.GetString(read[3].Entry.Target!));
        Assert.Equal((0x1A4, 1234u, 4321u), (read[1].Entry.Mode, read[1].Entry.Uid, read[1].Entry.Gid));
        Assert.Equal(Time.ToUnixTimeSeconds(), read[1].Entry.Modified.Seconds);
        if (format == TarEntryFormat.Pax)
        {
            Assert.Equal(250_000_000, read[1].Entry.Modified.Nanoseconds);
        }
    }

    [Theory]
    [InlineData(TarEntryFormat.Pax, 3000)]
    [InlineData(TarEntryFormat.Gnu, 3000)]
    [InlineData(TarEntryFormat.Ustar, 220)]
    public void Long_names_and_long_targets_are_whole(TarEntryFormat format, int length)
    {
        var name = "storage/" + string.Join('/', Enumerable.Repeat(new string('n', 90), length / 91));
        var read = Read(Archive(
            New(format, TarEntryType.RegularFile, name, "x"),
            New(format, TarEntryType.SymbolicLink, "storage/l", target: format == TarEntryFormat.Ustar ? "t" : name)));

        Assert.Equal(name, Encoding.UTF8.GetString(read[0].Entry.Path));
        Assert.Equal("x", read[0].Content);
        Assert.Equal(format == TarEntryFormat.Ustar ? "t" : name, Encoding.UTF8.GetString(read[1].Entry.Target!));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../evil")]
    [InlineData("storage/../../evil")]
    [InlineData("storage/..")]
    public void A_path_that_leads_out_is_damage(string path)
    {
        var damage = Assert.Throws<DamageError>(() => Read(Archive(New(TarEntryFormat.Pax, TarEntryType.RegularFile, path, "x"))));
        Assert.Contains("leads out of it", damage.Message, StringComparison.Ordinal);
        Assert.Throws<DamageError>(() => Read(Archive(New(TarEntryFormat.Gnu, TarEntryType.HardLink, "storage/x", target: path))));
    }

    [Fact]
    public void Dots_and_doubled_slashes_mean_nothing() =>
        Assert.Equal(["", "a", "b/c"], Read(Archive(
            New(TarEntryFormat.Pax, TarEntryType.Directory, "./"),
            New(TarEntryFormat.Pax, TarEntryType.RegularFile, "./a", "x"),
            New(TarEntryFormat.Pax, TarEntryType.RegularFile, "b//./c", "x"))).Select(r => Encoding.UTF8.GetString(r.Entry.Path)));

    [Fact]
    public void Devices_are_of_no_type_and_do_not_hide_what_follows()
    {
        var read = Read(Archive(
            New(TarEntryFormat.Pax, TarEntryType.CharacterDevice, "storage/null"),
            New(TarEntryFormat.Pax, TarEntryType.Fifo, "storage/fifo"),
            New(TarEntryFormat.Pax, TarEntryType.RegularFile, "storage/a", "x")));

        Assert.Equal([("character device", null), ("FIFO", null)], read.Take(2).Select(r => (r.Entry.SpecialName, r.Entry.Type)));
        Assert.Equal("x", read[2].Content);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(512)]
    [InlineData(700)]
    [InlineData(1024)]
    public void One_that_is_cut_short_is_damage(int length)
    {
        var archive = Archive(New(TarEntryFormat.Ustar, TarEntryType.RegularFile, "storage/a", new string('x', 400)));

        Assert.Contains("cut short", Assert.Throws<DamageError>(() => Read(archive[..length])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_whose_sum_is_wrong_is_damage()
    {
        var archive = Archive(New(TarEntryFormat.Ustar, TarEntryType.RegularFile, "storage/a", "x"));
        archive[3] ^= 1;

        Assert.Throws<DamageError>(() => Read(archive));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(20)]
    public void A_gzip_that_lost_its_end_is_damage(int lost)
    {
        var packed = Gzip(Archive(New(TarEntryFormat.Ustar, TarEntryType.RegularFile, "storage/a", "x")));

        Assert.Throws<DamageError>(() => Read(packed[..^lost], gzip: true));
    }

    [Fact]
    public void A_flipped_bit_in_a_gzip_is_damage()
    {
        // Behind the end of the archive in it, so that nothing but gzip's own sum can tell.
        var packed = Gzip(Archive(New(TarEntryFormat.Ustar, TarEntryType.RegularFile, "storage/a", "x")));
        packed[^6] ^= 1;

        Assert.Throws<DamageError>(() => Read(packed, gzip: true));
    }

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    private static TarEntryFormat FormatOf(System.Formats.Tar.TarEntry entry) => entry.Format;

    private static System.Formats.Tar.TarEntry New(TarEntryFormat format, TarEntryType type, string name, string? content = null, string? target = null)
    {
        System.Formats.Tar.TarEntry entry = format switch
        {
            TarEntryFormat.V7 => new V7TarEntry(type, name),
            TarEntryFormat.Ustar => new UstarTarEntry(type, name),
            TarEntryFormat.Gnu => new GnuTarEntry(type, name),
            _ => new PaxTarEntry(type, name),
        };
        entry.Mode = (UnixFileMode)0x1A4;
        entry.Uid = 1234;
        entry.Gid = 4321;
        entry.ModificationTime = Time;
        if (content is not null)
        {
            entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        }

        if (target is not null)
        {
            entry.LinkName = target;
        }

        return entry;
    }

    private static byte[] Archive(params System.Formats.Tar.TarEntry[] entries)
    {
        using var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, FormatOf(entries[0]), leaveOpen: true))
        {
            Array.ForEach(entries, writer.WriteEntry);
        }

        return bytes.ToArray();
    }

    private static List<(VertexAr.Backup.Sources.TarEntry Entry, string Content)> Read(byte[] archive, bool gzip = false)
    {
        using var bytes = new MemoryStream(archive);
        using Stream stream = gzip ? new GZipStream(bytes, CompressionMode.Decompress) : bytes;
        var entries = new TarEntries(stream);
        var read = new List<(VertexAr.Backup.Sources.TarEntry, string)>();
        var buffer = new byte[1000];
        while (entries.Next() is { } entry)
        {
            read.Add((entry, Encoding.UTF8.GetString(buffer, 0, entries.Read(buffer))));
        }

        return read;
    }
}
