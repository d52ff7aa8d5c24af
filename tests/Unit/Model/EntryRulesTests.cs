using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class EntryRulesTests
{
    private static readonly FileEntry Good = new()
    {
        Path = "storage/a"u8.ToArray(),
        Type = EntryType.File,
        Mode = 0x1A4,
        Uid = 0,
        Gid = 0,
        Size = 3,
        Modified = default,
        Changed = default,
        Inode = 1,
        Pieces = [new Piece(0, 0, 0, 3, default)],
    };

    [Theory]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("...")]
    [InlineData(".a/..b/c..")]
    [InlineData("a b\n\\")]
    public void A_path_below_the_top_is_safe(string path) => Assert.True(EntryRules.IsSafePath(Encoding.UTF8.GetBytes(path)));

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../a")]
    [InlineData("a/..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a\0b")]
    public void A_path_that_leads_elsewhere_is_not(string path) => Assert.False(EntryRules.IsSafePath(Encoding.UTF8.GetBytes(path)));

    [Fact]
    public void A_path_is_no_longer_than_the_kernel_allows()
    {
        var path = new byte[EntryRules.LongestPath + 1];
        Array.Fill(path, (byte)'a');
        Assert.True(EntryRules.IsSafePath(path.AsSpan(1)));
        Assert.False(EntryRules.IsSafePath(path));
    }

    [Fact]
    public void A_good_entry_passes() => EntryRules.Check(Good);

    public static TheoryData<string> Breaches() => [.. Broken().Keys];

    [Theory]
    [MemberData(nameof(Breaches))]
    public void Every_breach_is_damage(string what) => Assert.Throws<DamageError>(() => EntryRules.Check(Broken()[what]));

    private static Dictionary<string, FileEntry> Broken() => new()
    {
        ["unsafe path"] = Good with { Path = "storage/../a"u8.ToArray() },
        ["negative size"] = Good with { Size = -1, Pieces = [] },
        ["a file with a target"] = Good with { Target = "x"u8.ToArray() },
        ["a symlink without target"] = Good with { Type = EntryType.Symlink, Size = 0, Pieces = [] },
        ["a symlink with content"] = Good with { Type = EntryType.Symlink, Target = "x"u8.ToArray() },
        ["a symlink to a zero byte"] = Good with { Type = EntryType.Symlink, Size = 0, Pieces = [], Target = "a\0"u8.ToArray() },
        ["a directory with content"] = Good with { Type = EntryType.Directory },
        ["a hard link out"] = Good with { Type = EntryType.HardLink, Target = "../etc/shadow"u8.ToArray() },
        ["a hard link without target"] = Good with { Type = EntryType.HardLink },
        ["a file with a reason"] = Good with { Reason = "cannot be opened" },
        ["something absent without a reason"] = Good with { Type = EntryType.Absent, Size = 0, Pieces = [] },
        ["something absent with content"] = Good with { Type = EntryType.Absent, Reason = "cannot be opened" },
        ["too few bytes"] = Good with { Size = 4 },
        ["too many bytes"] = Good with { Size = 2 },
        ["an empty piece"] = Good with { Pieces = [new Piece(0, 0, 0, 0, default), new Piece(0, 0, 0, 3, default)] },
        ["a negative piece"] = Good with { Pieces = [new Piece(0, 0, 0, 4, default), new Piece(0, 0, 0, -1, default)] },
        ["a pack below -1"] = Good with { Pieces = [new Piece(-2, 0, 0, 3, default)] },
        ["a negative offset"] = Good with { Pieces = [new Piece(0, -1, 0, 3, default)] },
        ["a negative entry"] = Good with { Pieces = [new Piece(0, 0, -1, 3, default)] },
        ["a sum that overflows"] = Good with
        {
            Size = 1,
            Pieces = [new Piece(0, 0, 0, long.MaxValue, default), new Piece(0, 0, 0, long.MaxValue, default), new Piece(0, 0, 0, 3, default)],
        },
    };
}
