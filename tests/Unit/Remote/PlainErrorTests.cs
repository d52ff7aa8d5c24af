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
    [InlineData("SignatureDoesNotMatch: The request signature differs", "SignatureDoesNotMatch: The request signature differs")]
    [InlineData("InvalidAccessKeyId: The key is unknown", "InvalidAccessKeyId: The key is unknown")]
    [InlineData("ExpiredToken: The provided token", "ExpiredToken: The provided token")]
    [InlineData("AuthorizationHeaderMalformed: The region is wrong", "AuthorizationHeaderMalformed: The region is wrong")]
    [InlineData("invalid_token: Sign in again", "invalid_token: Sign in again")]
    [InlineData("X-Amz-Security-Token: hush", "X-Amz-Security-Token: …")]
    [InlineData("Signature: hush", "Signature: …")]
    [InlineData("bad remote :sftp,key_pem=hush,user=me:", "bad remote :sftp,key_pem=…,user=me:")]
    [InlineData("key_pem=-----BEGIN RSA PRIVATE KEY-----\nMII hush\n-----END RSA PRIVATE KEY-----,user=me", "key_pem=…,user=me")]
    [InlineData("ssh: -----BEGIN OPENSSH PRIVATE KEY----- hush", "ssh: …")]
    [InlineData("Get \"https://me:hu/sh@dav.example.org/x\": EOF", "Get \"https://…@dav.example.org/x\": EOF")]
    [InlineData("Get https://dav.example.org:443/a@b: EOF", "Get https://dav.example.org:443/a@b: EOF")]
    [InlineData("couldn't find key \"x\"", "couldn't find key \"x\"")]
    public void It_is_one_line_without_what_may_be_a_secret(string said, string shown) => Assert.Equal(shown, PlainError.Of(said));

    [Fact]
    public void A_page_of_xml_is_cut() => Assert.Equal(401, PlainError.Of(new string('x', 5000)).Length);
}
