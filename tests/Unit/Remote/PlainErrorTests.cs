using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class PlainErrorTests
{
    [Theory]
    [InlineData("2026/11/26 00:31:16 ERROR : packs/ab: Failed to copy: 503", "packs/ab: Failed to copy: 503")]
    [InlineData("2026/11/26 00:31:16 Failed to lsjson:\n  directory\tnot found\n", "Failed to lsjson: directory not found")]
    [InlineData(
        "Put \"https://s3.example.org/b/k?X-Amz-Credential=AKIA&X-Amz-Signature=abc\": dial tcp: timeout", "Put \"https://s3.example.org/b/k?…\": dial tcp: timeout")]
    [InlineData("Get \"https://me:hush@dav.example.org/x\": EOF", "Get \"https://…@dav.example.org/x\": EOF")]
    [InlineData("bad remote :sftp,pass=hush,user=me:", "bad remote :sftp,pass=…,user=me:")]
    [InlineData("access_token: hush was refused", "access_token: … was refused")]
    [InlineData("Authorization: Bearer hush", "Authorization: …")]
    [InlineData("secret_access_key = hush", "secret_access_key = …")]
    [InlineData("a wrong password was given", "a wrong password was given")]
    [InlineData("compass/north.png: object not found", "compass/north.png: object not found")]
    [InlineData("{\"token\":\"hush\"}", "{\"token\":…")]
    [InlineData("couldn't find key \"x\"", "couldn't find key \"x\"")]
    public void It_is_one_line_without_what_may_be_a_secret(string said, string shown) => Assert.Equal(shown, PlainError.Of(said));

    [Fact]
    public void A_page_of_xml_is_cut() => Assert.Equal(401, PlainError.Of(new string('x', 5000)).Length);
}
