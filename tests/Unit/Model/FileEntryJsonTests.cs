using System.Buffers;
using System.Text;
using CsCheck;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class FileEntryJsonTests
{
    private const string Sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly Gen<byte[]> Name = Gen.OneOf(
        Gen.OneOfConst<byte>((byte)'a', (byte)'"', (byte)'\\', (byte)'\n', (byte)' ', 0x7F, 0x80, 0xC3, 0xA9, 0xED, 0xA0, 0xFF, (byte)'<', (byte)'+'),
        Gen.Byte.Where(b => b is not (0 or (byte)'/'))).Array[1, 12].Where(n => !(n is [(byte)'.'] or [(byte)'.', (byte)'.']));

    private static readonly Gen<byte[]> SafePath = Name.Array[1, 5].Select(names => string.Join('/', names.Select(Encoding.Latin1.GetString))).Select(Encoding.Latin1.GetBytes);

    private static readonly Gen<FileTime> Time = Gen.Select(Gen.Long, Gen.Int[0, 999_999_999], (s, n) => new FileTime(s, n));

    private static readonly Gen<Piece[]> Pieces = Gen.OneOf(
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Long[0, long.MaxValue], Gen.Int[0, int.MaxValue], Gen.Long[1, 1L << 40], Gen.Byte.Array[32])
            .Select((pack, offset, entry, length, hash) => new Piece(pack, offset, entry, length, Digest.FromBytes(hash))),
        Gen.Long[1, 1L << 40].Select(Piece.Hole)).Array[0, 6];

    private static readonly Gen<AccessEntry[]> Access =
        from bits in Gen.Int[0, 7].Array[4]
        from named in Gen.Select(Gen.Bool, Gen.Int[0, 7], Gen.UInt, Gen.String.Where(IsText).Null()).Array[0, 4]
        select (AccessEntry[])
        [
            new AccessEntry(AccessTag.Owner, bits[0]),
            .. named.Where(n => n.Item1).Select(n => new AccessEntry(AccessTag.User, n.Item2, n.Item3, n.Item4)),
            new AccessEntry(AccessTag.OwningGroup, bits[1]),
            .. named.Where(n => !n.Item1).Select(n => new AccessEntry(AccessTag.Group, n.Item2, n.Item3, n.Item4)),
            new AccessEntry(AccessTag.Mask, bits[2]),
            new AccessEntry(AccessTag.Others, bits[3]),
        ];

    private static readonly Gen<ExtendedAttributes> Attributes =
        from access in Access.Null()
        from defaults in Access.Null()
        from others in Gen.Select(Gen.Byte.Where(b => b != 0).Array[1, 20], Gen.Byte.Array[0, 40]).Array[0, 4]
        select new ExtendedAttributes
        {
            Access = access ?? [],
            Default = defaults ?? [],
            Others =
            [
                .. others.Select(o => new NamedAttribute([.. "user."u8, .. o.Item1], o.Item2))
                    .DistinctBy(o => Convert.ToHexString(o.Name)).OrderBy(o => Convert.ToHexString(o.Name), StringComparer.Ordinal),
            ],
        };

    private static readonly Gen<FileEntry> Entry =
        from type in Gen.Enum<EntryType>()
        from path in SafePath
        from target in SafePath
        from pieces in Pieces
        from mode in Gen.Int[0, 0xFFF]
        from ids in Gen.Select(Gen.UInt, Gen.UInt, Gen.ULong)
        from names in Gen.Select(Gen.String.Where(IsText).Null(), Gen.String.Where(IsText).Null())
        from times in Gen.Select(Time, Time)
        from attributes in Attributes.Null()
        from device in Gen.Select(Gen.UInt, Gen.UInt, (major, minor) => new DeviceNumber(major, minor))
        from wal in Gen.Select(Gen.Long[0, long.MaxValue], Time, Time, Gen.ULong, (size, m, c, inode) => new WalStatus(size, m, c, inode)).Null()
        select new FileEntry
        {
            Path = path,
            Type = type,
            Mode = mode,
            Uid = ids.Item1,
            Gid = ids.Item2,
            Inode = ids.Item3,
            User = names.Item1,
            Group = names.Item2,
            Modified = times.Item1,
            Changed = times.Item2,
            Wal = wal,
            Attributes = attributes is { IsEmpty: false } ? attributes : null,
            Device = type.IsDevice() ? device : null,
            Target = type is EntryType.Symlink or EntryType.HardLink ? target : null,
            Pieces = type is EntryType.File or EntryType.HardLink ? pieces : [],
            Size = type is EntryType.File or EntryType.HardLink ? pieces.Sum(p => p.Length) : 0,
            Reason = type == EntryType.Absent ? "cannot be opened: \"é\"" : null,
        };

    [Fact]
    public void Reads_what_it_writes() => Entry.Sample(entry =>
    {
        var line = Write(entry);
        Assert.Equal((byte)'\n', line[^1]);
        Assert.Equal(line.Length - 1, Array.IndexOf(line, (byte)'\n'));
        AssertSame(entry, FileEntryJson.Read(line.AsSpan(0, line.Length - 1)));
    });

    [Fact]
    public void The_line_is_as_the_format_describes_it()
    {
        var entry = new FileEntry
        {
            Path = "storage/é \"x\""u8.ToArray(),
            Type = EntryType.File,
            Mode = Convert.ToInt32("4755", 8),
            Uid = 7,
            Gid = 8,
            User = "seven",
            Size = 12,
            Modified = new FileTime(1, 2),
            Changed = new FileTime(3, 4),
            Inode = 5,
            Pieces = [new Piece(6, 70, 8, 9, Digest.Of([])), Piece.Hole(3)],
        };
        Assert.Equal(
            "{\"path\":\"storage/é \\\"x\\\"\",\"type\":\"file\",\"mode\":\"4755\",\"uid\":7,\"gid\":8,\"user\":\"seven\",\"size\":12,"
            + "\"mtime\":\"1.000000002\",\"ctime\":\"3.000000004\",\"inode\":5,"
            + $"\"pieces\":[[6,70,8,9,\"{Sum}\"],[-1,0,0,3]]}}\n",
            Encoding.UTF8.GetString(Write(entry)));
    }

    [Fact]
    public void A_file_of_one_piece_shows_the_sha256_of_its_content() =>
        Assert.Contains($"\"sha256\":\"{Sum}\"", Encoding.UTF8.GetString(Write(Read(Line()))), StringComparison.Ordinal);

    [Fact]
    public void A_name_that_is_not_utf8_is_written_readable_and_exact()
    {
        var line = Encoding.UTF8.GetString(Write(Read(Line()) with { Path = [(byte)'s', (byte)'/', 0xFF] }));
        Assert.StartsWith("{\"path\":\"s/\uFFFD\",\"path_b64\":\"cy//\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_a_later_version_are_passed_over() =>
        Assert.Equal("storage/a"u8, Read(Line().Replace("{\"path\"", "{\"later\":{\"a\":[1,{}]},\"path\"", StringComparison.Ordinal)).Path);

    [Fact]
    public void Attributes_are_as_the_format_describes_them()
    {
        var entry = Read(Line()) with
        {
            Attributes = new ExtendedAttributes
            {
                Access =
                [
                    new(AccessTag.Owner, 6), new(AccessTag.User, 4, 33, "www-data"), new(AccessTag.User, 0, 4000),
                    new(AccessTag.OwningGroup, 0), new(AccessTag.Mask, 4), new(AccessTag.Others, 0),
                ],
                Default = [new(AccessTag.Owner, 7), new(AccessTag.OwningGroup, 5), new(AccessTag.Others, 0)],
                Others = [new("user.origin"u8.ToArray(), "camera"u8.ToArray()), new([.. "user."u8, 0xFF], [])],
            },
        };
        Assert.Contains(
            ",\"acl\":[[\"user\",\"rw-\"],[\"user\",\"r--\",33,\"www-data\"],[\"user\",\"---\",4000],[\"group\",\"---\"],[\"mask\",\"r--\"],[\"other\",\"---\"]],"
            + "\"default_acl\":[[\"user\",\"rwx\"],[\"group\",\"r-x\"],[\"other\",\"---\"]],"
            + "\"xattrs\":{\"user.origin\":\"Y2FtZXJh\"},\"xattrs_b64\":[[\"dXNlci7/\",\"\"]],\"sha256\":",
            Encoding.UTF8.GetString(Write(entry)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_as_the_format_describes_it()
    {
        var entry = Read(Line()) with { Type = EntryType.BlockDevice, Size = 0, Pieces = [], Device = new DeviceNumber(8, 1) };
        var line = Encoding.UTF8.GetString(Write(entry));
        Assert.Contains("\"type\":\"block\"", line, StringComparison.Ordinal);
        Assert.EndsWith(",\"inode\":5,\"device\":[8,1]}\n", line, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_saved_is_as_the_format_describes_it()
    {
        var entry = Read(Line()) with { Type = EntryType.Absent, Size = 0, Pieces = [], Reason = "cannot be opened: Permission denied" };
        var line = Encoding.UTF8.GetString(Write(entry));
        Assert.Contains("\"type\":\"absent\"", line, StringComparison.Ordinal);
        Assert.EndsWith(",\"inode\":5,\"reason\":\"cannot be opened: Permission denied\"}\n", line, StringComparison.Ordinal);
        Assert.Equal(entry.Reason, Read(line.TrimEnd('\n')).Reason);
        Assert.Throws<DamageError>(() => Read(line.Replace("\"reason\"", "\"later\"", StringComparison.Ordinal).TrimEnd('\n')));
    }

    [Theory]
    [InlineData("\"acl\":[]")]
    [InlineData("\"acl\":7")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"group\",\"r-x\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"other\",\"---\"],[\"group\",\"r-x\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"user\",\"rwx\"],[\"group\",\"r-x\"],[\"other\",\"---\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"user\",\"rwx\",7],[\"group\",\"r-x\"],[\"other\",\"---\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"group\",\"rx-\"],[\"other\",\"---\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"group\",\"r-xx\"],[\"other\",\"---\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"group\",\"r-x\"],[\"other\",\"---\",1]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"group\",\"r-x\"],[\"everybody\",\"---\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"user\",\"rwx\",-1],[\"group\",\"r-x\"],[\"mask\",\"r-x\"],[\"other\",\"---\"]]")]
    [InlineData("\"acl\":[[\"user\",\"rwx\"],[\"user\",\"rwx\",7,8],[\"group\",\"r-x\"],[\"mask\",\"r-x\"],[\"other\",\"---\"]]")]
    [InlineData("\"xattrs\":[]")]
    [InlineData("\"xattrs\":{\"user.a\":7}")]
    [InlineData("\"xattrs\":{\"user.a\":\"!\"}")]
    [InlineData("\"xattrs\":{\"user.a\":\"\",\"user.a\":\"\"}")]
    [InlineData("\"xattrs\":{\"user.a\":\"\"},\"xattrs_b64\":[[\"dXNlci5h\",\"\"]]")]
    [InlineData("\"xattrs\":{\"user.a\\u0000\":\"\"}")]
    [InlineData("\"xattrs\":{\"user.\":\"\"}")]
    [InlineData("\"xattrs\":{\"security.selinux\":\"\"}")]
    [InlineData("\"xattrs\":{\"system.posix_acl_access\":\"\"}")]
    [InlineData("\"xattrs_b64\":[[\"dXNlci5h\"]]")]
    [InlineData("\"xattrs_b64\":[\"dXNlci5h\"]")]
    [InlineData("\"device\":[1,2]")]
    public void Attributes_that_no_file_has_are_damage(string fields) =>
        Assert.Throws<DamageError>(() => Read(Line().Replace("\"inode\":5", $"\"inode\":5,{fields}", StringComparison.Ordinal)));

    [Fact]
    public void Attributes_of_absurd_size_are_damage()
    {
        foreach (var (count, bytes) in new[] { (1, 65_537), (20, 65_536), (200_000, 0) })
        {
            var value = Convert.ToBase64String(new byte[bytes]);
            var fields = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"user.{i}\":\"{value}\""));
            Assert.Throws<DamageError>(() => Read(Line().Replace("\"inode\":5", $"\"inode\":5,\"xattrs\":{{{fields}}}", StringComparison.Ordinal)));
        }

        var entries = string.Concat(Enumerable.Range(0, 9000).Select(i => $"[\"user\",\"r--\",{i}],"));
        Assert.Throws<DamageError>(() => Read(Line().Replace(
            "\"inode\":5", $"\"inode\":5,\"acl\":[[\"user\",\"rwx\"],{entries}[\"group\",\"r-x\"],[\"mask\",\"r-x\"],[\"other\",\"---\"]]", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"path\":")]
    [InlineData("{} {}")]
    [InlineData("not json")]
    public void A_line_that_is_no_entry_is_damage(string line) => Assert.Throws<DamageError>(() => Read(line));

    [Theory]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"../a\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"/etc/passwd\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a//b\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a\\u0000b\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a\\ud800\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":7")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":null")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a\",\"path_b64\":\"Li4vYQ==\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a\",\"path_b64\":\"!\"")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a\",\"path_b64\":null")]
    [InlineData("\"path\":\"storage/a\"", "\"path\":\"a\",\"path\":\"../a\"")]
    [InlineData("\"path\":\"storage/a\",", "")]
    [InlineData("\"type\":\"file\",", "")]
    [InlineData("\"type\":\"file\"", "\"type\":\"device\"")]
    [InlineData("\"type\":\"file\"", "\"type\":1")]
    [InlineData("\"type\":\"file\"", "\"type\":null")]
    [InlineData("\"type\":\"file\"", "\"type\":\"symlink\"")]
    [InlineData("\"type\":\"file\"", "\"type\":\"hardlink\",\"target\":\"../../x\"")]
    [InlineData("\"mode\":\"0644\"", "\"mode\":\"0688\"")]
    [InlineData("\"mode\":\"0644\"", "\"mode\":\"07777777777777777\"")]
    [InlineData("\"mode\":\"0644\"", "\"mode\":{}")]
    [InlineData("\"uid\":1", "\"uid\":-1")]
    [InlineData("\"uid\":1", "\"uid\":4294967296")]
    [InlineData("\"uid\":1", "\"uid\":\"1\"")]
    [InlineData("\"uid\":1", "\"uid\":1.5")]
    [InlineData("\"uid\":1", "\"uid\":1,\"user\":{}")]
    [InlineData("\"size\":3", "\"size\":-3")]
    [InlineData("\"size\":3", "\"size\":4")]
    [InlineData("\"size\":3", "\"size\":9223372036854775808")]
    [InlineData("\"size\":3", "\"size\":null")]
    [InlineData("\"mtime\":\"1.000000000\",", "")]
    [InlineData("\"mtime\":\"1.000000000\"", "\"mtime\":1")]
    [InlineData("\"mtime\":\"1.000000000\"", "\"mtime\":\"yesterday\"")]
    [InlineData("\"inode\":5", "\"inode\":-5")]
    [InlineData("\"inode\":5", "\"inode\":18446744073709551616")]
    [InlineData("\"inode\":5", "\"inode\":5,\"wal\":[]")]
    [InlineData("\"inode\":5", "\"inode\":5,\"wal\":{\"size\":\"x\"}")]
    [InlineData("[[0,0,0,3,", "[[-2,0,0,3,")]
    [InlineData("[[0,0,0,3,", "[[2147483648,0,0,3,")]
    [InlineData("[[0,0,0,3,", "[[0,-1,0,3,")]
    [InlineData("[[0,0,0,3,", "[[0,0,-1,3,")]
    [InlineData("[[0,0,0,3,", "[[0,0,0,0,")]
    [InlineData("[[0,0,0,3,", "[[0,0,0,3.0,")]
    [InlineData("[[0,0,0,3,", "[[0,0,3,")]
    [InlineData("[[0,0,0,3,", "[[0,0,0,0,3,")]
    [InlineData("[[0,0,0,3,", "[[null,0,0,3,")]
    [InlineData("[[0,0,0,3,", "[7,[0,0,0,3,")]
    [InlineData("[[0,0,0,3,", "[[[],0,0,3,")]
    [InlineData("\"pieces\":[[0", "\"pieces\":7,\"x\":[[0")]
    [InlineData("\"pieces\":[[0", "\"pieces\":null,\"x\":[[0")]
    [InlineData("e3b0c4", "E3B0C4")]
    [InlineData("e3b0c4", "e3b0c")]
    [InlineData("e3b0c4", "\\u0065\\u0033b0c4")]
    [InlineData("}", "")]
    [InlineData("}", "}}")]
    public void A_hostile_field_is_damage(string good, string bad)
    {
        Assert.Contains(good, Line(), StringComparison.Ordinal);
        Assert.Throws<DamageError>(() => Read(Line().Replace(good, bad, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_huge_count_of_pieces_is_read_and_must_add_up()
    {
        var pieces = string.Join(',', Enumerable.Repeat("[-1,0,0,9223372036854775807]", 100_000));
        Assert.Throws<DamageError>(() => Read(Line().Replace("\"pieces\":[", $"\"pieces\":[{pieces},", StringComparison.Ordinal)));
        Assert.Throws<DamageError>(() => Read(Line().Replace("\"pieces\":[", "\"pieces\":" + new string('[', 100_000), StringComparison.Ordinal)));
    }

    /// <summary>Whatever a single damaged byte makes of a line, it is read as some entry that keeps the rules, or refused.</summary>
    [Fact]
    public void A_damaged_byte_never_ends_in_anything_but_damage()
    {
        var line = Encoding.UTF8.GetBytes(Line());
        Gen.Select(Gen.Int[0, line.Length - 1], Gen.Byte, Gen.Int[0, line.Length]).Sample((at, value, cut) =>
        {
            var bad = line.ToArray();
            bad[at] = value;
            foreach (var variant in new[] { bad, bad[..cut], bad[cut..] })
            {
                try
                {
                    EntryRules.Check(FileEntryJson.Read(variant));
                }
                catch (DamageError)
                {
                    // Refused.
                }
            }
        });
    }

    private static string Line() =>
        $"{{\"path\":\"storage/a\",\"type\":\"file\",\"mode\":\"0644\",\"uid\":1,\"gid\":2,\"size\":3,\"mtime\":\"1.000000000\","
        + $"\"ctime\":\"2.000000000\",\"inode\":5,\"pieces\":[[0,0,0,3,\"{Sum}\"]]}}";

    private static FileEntry Read(string line) => FileEntryJson.Read(Encoding.UTF8.GetBytes(line));

    private static byte[] Write(FileEntry entry)
    {
        var output = new ArrayBufferWriter<byte>();
        new FileLineWriter(output).Write(entry);
        return output.WrittenSpan.ToArray();
    }

    private static void AssertSame(FileEntry wanted, FileEntry read)
    {
        Assert.Equal(wanted.Path, read.Path);
        Assert.Equal(wanted.Target, read.Target);
        Assert.Equal(wanted.Pieces, read.Pieces);
        Assert.Equal(wanted.Attributes?.Access, read.Attributes?.Access);
        Assert.Equal(wanted.Attributes?.Default, read.Attributes?.Default);
        Assert.Equal(wanted.Attributes?.Others.Select(o => (o.Name, o.Value)), read.Attributes?.Others.Select(o => (o.Name, o.Value)));
        Assert.Equal(wanted with { Path = read.Path, Target = read.Target, Pieces = read.Pieces, Attributes = read.Attributes }, read);
    }

    /// <summary>Names of accounts are text; half a surrogate pair is none.</summary>
    private static bool IsText(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;
}
