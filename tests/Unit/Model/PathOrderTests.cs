using System.Text;
using CsCheck;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class PathOrderTests
{
    [Theory]
    [InlineData("a", "a")]
    [InlineData("a", "a/b")]
    [InlineData("a/z", "a-b")]
    [InlineData("a/z", "a ")]
    [InlineData("a/b/c", "a/b-c")]
    [InlineData("a", "ab")]
    [InlineData("a/b", "ab")]
    [InlineData("A", "a")]
    [InlineData("a/\u0001", "a\u0001")]
    public void What_is_in_a_directory_follows_it_at_once(string first, string second)
    {
        Assert.True(Compare(first, second) <= 0);
        Assert.Equal(first == second, Compare(second, first) == 0);
        Assert.True(Compare(second, first) >= 0);
    }

    /// <summary>Comparing component by component, by bytes, is what the order means.</summary>
    [Fact]
    public void Agrees_with_comparing_name_by_name()
    {
        var name = Gen.OneOfConst<byte>(1, (byte)' ', (byte)'-', (byte)'.', (byte)'0', (byte)'a', 0x80, 0xFF).Array[1, 3];
        var path = name.Array[1, 4];
        Gen.Select(path, path).Sample((a, b) => Math.Sign(PathOrder.Compare(Join(a), Join(b))) == Math.Sign(ByName(a, b)));
    }

    private static int Compare(string a, string b) => PathOrder.Compare(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));

    private static byte[] Join(byte[][] names) => [.. names.SelectMany((name, i) => i == 0 ? name : [(byte)'/', .. name])];

    private static int ByName(byte[][] a, byte[][] b)
    {
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i].AsSpan().SequenceCompareTo(b[i]) is not 0 and var order)
            {
                return order;
            }
        }

        return a.Length - b.Length;
    }
}
