using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class RealPathTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Each_link_on_the_way_is_resolved()
    {
        temp.Write("disk/data/real.db", "x"u8);
        File.CreateSymbolicLink(temp["disk/data/second.db"], "./real.db");
        Directory.CreateSymbolicLink(temp["app"], "disk/../disk/data");
        File.CreateSymbolicLink(temp["first.db"], temp["app/second.db"]);
        Assert.Equal(temp["disk/data/real.db"], RealPath.Of(temp["first.db"]));
        Assert.Equal(temp["disk/data/real.db"], RealPath.Of(temp["app/real.db"]));
    }

    [Fact]
    public void What_is_behind_the_last_link_need_not_exist()
    {
        File.CreateSymbolicLink(temp["link"], "gone/app.db");
        Assert.Equal(temp["gone/app.db"], RealPath.Of(temp["link"]));
        Assert.Equal("/nowhere/at/all", RealPath.Of("/nowhere/at/all"));
        Assert.Equal("/", RealPath.Of("/"));
    }

    [Fact]
    public void What_leads_to_a_place_is_not_beside_it()
    {
        temp.Write("new/a", "x"u8);
        temp.Write("other/a", "x"u8);
        Directory.CreateSymbolicLink(temp["old"], temp["new"]);
        Directory.CreateSymbolicLink(temp["dead"], temp["gone"]);
        Posix.MakeLink(Posix.Here, Posix.Bytes(temp["new/a"]), Posix.Here, Posix.Bytes(temp["same"]));
        var isBeside = RealPath.MayBeThereBeside([temp["new"], temp["new/a"], temp["gone"]]);
        Assert.Equal((false, false, false, false, true), (isBeside(temp["old"]), isBeside(temp["dead"]), isBeside(temp["same"]), isBeside(temp["nothing"]), isBeside(temp["other"])));
    }

    [Fact]
    public void Links_in_a_circle_stay_as_they_are()
    {
        File.CreateSymbolicLink(temp["a"], "b");
        File.CreateSymbolicLink(temp["b"], "a");
        Assert.Equal(temp["a"], RealPath.Of(temp["a"]));
    }
}
