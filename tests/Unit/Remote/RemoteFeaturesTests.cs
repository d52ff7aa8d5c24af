using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class RemoteFeaturesTests
{
    [Theory]
    [InlineData("""{"Hashes":["md5"],"Features":{"Copy":true,"Move":false}}""", false, false, true)]
    [InlineData("""{"Hashes":["md5","sha1","sha256"],"Features":{"Move":true}}""", true, true, true)]
    [InlineData("""{"Hashes":["SHA-256"],"Features":{"Move":true}}""", true, true, false)]
    [InlineData("""{"Hashes":[],"Features":{"Move":true}}""", true, false, false)]
    public void They_are_read(string text, bool canMove, bool sha256, bool md5) =>
        Assert.Equal(new RemoteFeatures(canMove, sha256, md5), RemoteFeatures.Read(text));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Hashes":null,"Features":{"Move":true}}""")]
    [InlineData("""{"Hashes":[],"Features":{}}""")]
    public void What_is_something_else_is_none(string text) => Assert.Null(RemoteFeatures.Read(text));
}
