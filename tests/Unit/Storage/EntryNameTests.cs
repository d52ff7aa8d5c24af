using System.Globalization;
using System.Text;
using CsCheck;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class EntryNameTests
{
    [Theory]
    [InlineData("storage/a", "storage/a")]
    [InlineData("storage/-a b'\\\"é", "storage/-a b'\\\"é")]
    [InlineData("storage/a~", "storage/a~")]
    [InlineData("storage/a%0A", "storage/a%0A")]
    [InlineData("storage/a\nb", "~7/storage/a%0Ab")]
    [InlineData("storage/~1", "storage/~1")]
    [InlineData("storage/a\u007F", "~7/storage/a%7F")]
    public void A_plain_path_is_its_own_name(string path, string name) => Assert.Equal(name, EntryName.For(Encoding.UTF8.GetBytes(path), null, 7));

    [Fact]
    public void A_path_that_is_not_utf8_is_escaped() => Assert.Equal("~3/s/%FFa", EntryName.For([(byte)'s', (byte)'/', 0xFF, (byte)'a'], null, 3));

    [Fact]
    public void A_piece_lies_below_the_name_of_its_file()
    {
        Assert.Equal("s/a/000012", EntryName.For("s/a"u8, 12, 3));
        Assert.Equal("~3/s/a%0A/1000000", EntryName.For("s/a\n"u8, 1_000_000, 3));
    }

    [Fact]
    public void A_very_long_path_is_cut()
    {
        var path = Encoding.ASCII.GetBytes(string.Join('/', Enumerable.Repeat(new string('a', 250), 16)));
        Assert.InRange(EntryName.For(path, null, 3).Length, 1, 300);
        var odd = Encoding.ASCII.GetBytes("s/" + new string('\n', 255));
        Assert.All(EntryName.For(odd, null, int.MaxValue).Split('/'), part => Assert.InRange(part.Length, 1, 255));
    }

    /// <summary>Whatever the files of a tree are called, no entry overwrites another, or stands where another needs a directory, when a pack is unpacked.</summary>
    [Fact]
    public void No_two_entries_of_a_pack_share_a_place()
    {
        var name = Gen.OneOfConst("a", "b", "~", "1", "2", "%", "0A", "\n", "000001", "~1", "%0A~1").Array[1, 3].Select(string.Concat);
        var path = name.Array[1, 3].Select(names => "s/" + string.Join('/', names));
        Gen.Select(path, Gen.Bool).Array[1, 30].Sample(
            files =>
            {
                var (names, pieces) = (new List<string>(), new HashSet<string>());
                foreach (var (file, cut) in Tree(files))
                {
                    for (var i = 0; i < (cut ? 3 : 1); i++)
                    {
                        names.Add(EntryName.For(Encoding.ASCII.GetBytes(file), cut ? i : null, names.Count));
                    }
                }

                var sorted = names.Select(Encoding.ASCII.GetBytes).Order(Comparer<byte[]>.Create((a, b) => PathOrder.Compare(a, b))).ToList();
                for (var i = 1; i < sorted.Count; i++)
                {
                    Assert.False(sorted[i].AsSpan().SequenceEqual(sorted[i - 1]), Encoding.ASCII.GetString(sorted[i]));
                    Assert.False(
                        sorted[i].AsSpan().StartsWith(sorted[i - 1]) && sorted[i][sorted[i - 1].Length] == '/',
                        string.Create(CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(sorted[i - 1])} is in the way of {Encoding.ASCII.GetString(sorted[i])}"));
                }
            },
            iter: 5_000);
    }

    /// <summary>Those paths that can be files of one tree: none twice, none below another.</summary>
    private static List<(string Path, bool Cut)> Tree((string Path, bool Cut)[] files)
    {
        var tree = new List<(string Path, bool Cut)>();
        foreach (var file in files)
        {
            if (!tree.Exists(t => t.Path == file.Path || t.Path.StartsWith(file.Path + "/", StringComparison.Ordinal) || file.Path.StartsWith(t.Path + "/", StringComparison.Ordinal)))
            {
                tree.Add(file);
            }
        }

        return tree;
    }
}
