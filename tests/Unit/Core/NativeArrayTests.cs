using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class NativeArrayTests
{
    [Fact]
    public void Begins_as_zeros_and_holds_what_is_put_in()
    {
        var array = new NativeArray<long>(100_000);
        Assert.Equal(100_000, array.Items.Length);
        Assert.False(array.Items.ContainsAnyExcept(0));
        array.Items[99_999] = 7;
        Assert.Equal(7, array.Items[^1]);
        array.Free();
    }

    [Fact]
    public void Has_no_items_once_freed()
    {
        var array = new NativeArray<int>(1);
        array.Free();
        array.Free();
        Assert.True(array.Items.IsEmpty);
    }
}
