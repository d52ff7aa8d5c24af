using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class AccessListTests
{
    private static readonly AccessEntry[] Masked =
        [new(AccessTag.Owner, 7), new(AccessTag.User, 6, 1000), new(AccessTag.OwningGroup, 5), new(AccessTag.Group, 0, 7), new(AccessTag.Mask, 6), new(AccessTag.Others, 4)];

    [Fact]
    public void The_kernels_form_is_read_as_it_is_written()
    {
        var bytes = AccessList.Format(Masked, entry => entry.Id);
        Assert.Equal(Masked, AccessList.Parse(bytes));
        Assert.Equal("020000000100070", Convert.ToHexString(bytes)[..15]);
        foreach (var length in new[] { 0, 3, 4, bytes.Length - 1, bytes.Length - 8 })
        {
            Assert.Throws<DamageError>(() => AccessList.Parse(bytes.AsSpan(0, length)));
        }
    }

    /// <summary>The mask is not the group's, and who was kept out by name is not let in with the others.</summary>
    [Theory]
    [InlineData("0764", "0740")]
    [InlineData("4764", "4740")]
    public void Without_its_ACL_a_file_is_open_to_nobody_who_could_not_use_it(string mode, string narrowed) =>
        Assert.Equal(Convert.ToInt32(narrowed, 8), AccessList.ModeWithout(Masked, Convert.ToInt32(mode, 8)));

    [Fact]
    public void What_everybody_had_is_kept() => Assert.Equal(
        Convert.ToInt32("0644", 8),
        AccessList.ModeWithout(
            [new(AccessTag.Owner, 6), new(AccessTag.User, 6, 1000), new(AccessTag.OwningGroup, 4), new(AccessTag.Mask, 6), new(AccessTag.Others, 4)],
            Convert.ToInt32("0664", 8)));
}
