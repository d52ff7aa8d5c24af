using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class RemotePlaceTests
{
    [Theory]
    [InlineData("s3:bucket/x", "packs", "s3:bucket/x/packs")]
    [InlineData("s3:bucket/x/", "packs", "s3:bucket/x/packs")]
    [InlineData("box:", "packs", "box:packs")]
    [InlineData("/mnt/x", "packs", "/mnt/x/packs")]
    [InlineData("/mnt/x", "", "/mnt/x")]
    public void A_path_is_put_below_the_top(string remote, string below, string path) =>
        Assert.Equal(path, new RemotePlace { Remote = remote, Environment = new Dictionary<string, string>() }.At(below));
}
