using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class FileStatusTests
{
    private static readonly FileTime Then = new(1_700_000_000, 5);
    private static readonly FileTime Later = new(1_700_000_000, 6);
    private static readonly FileStatus File = new(0x81A4, 0, 0, 10, Device: 1, Inode: 2, Links: 2, 8, 3, Then, Then) { Born = Then };

    [Fact]
    public void A_file_is_the_same_under_another_name_also_if_it_is_being_written()
    {
        Assert.True(File.IsSameFileAs(File with { Links = 3, Size = 11, Modified = Later, Changed = Later }));
        Assert.True((File with { Born = default }).IsSameFileAs(File with { Links = 3 }));
    }

    [Fact]
    public void A_file_that_was_made_since_is_another_one()
    {
        Assert.False(File.IsSameFileAs(File with { Born = Later }));
        Assert.False(File.IsSameFileAs(File with { Device = 2 }));
        Assert.False(File.IsSameFileAs(File with { Inode = 3 }));
    }

    [Fact]
    public void Where_it_is_not_told_when_a_file_was_made_one_that_changed_may_be_another_one()
    {
        Assert.False(File.IsSameFileAs(File with { Born = default, Changed = Later }));
        Assert.False((File with { Born = default }).IsSameFileAs(File with { Size = 11 }));
        Assert.False((File with { Born = default }).IsSameFileAs(File with { Inode = 3 }));
    }
}
