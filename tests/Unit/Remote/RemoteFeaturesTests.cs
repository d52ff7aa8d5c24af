using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class RemoteFeaturesTests
{
    [Theory]
    [InlineData("""{"Hashes":["md5"],"Features":{"Copy":true,"Move":false}}""", false, false, true, false)]
    [InlineData("""{"Hashes":["md5","sha1","sha256"],"Features":{"Move":true,"UnWrap":false}}""", true, true, true, false)]
    [InlineData("""{"Hashes":["SHA-256"],"Features":{"Move":true}}""", true, true, false, false)]
    [InlineData("""{"Hashes":[],"Features":{"Move":true,"UnWrap":true}}""", true, false, false, true)]
    public void They_are_read(string text, bool canMove, bool sha256, bool md5, bool isWrapped) =>
        Assert.Equal(new RemoteFeatures(canMove, sha256, md5, isWrapped), RemoteFeatures.Read(text));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Hashes":null,"Features":{"Move":true}}""")]
    [InlineData("""{"Hashes":[],"Features":{}}""")]
    public void What_is_something_else_is_none(string text) => Assert.Null(RemoteFeatures.Read(text));
}
