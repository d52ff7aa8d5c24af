using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class RcloneConfigFileTests
{
    private const string Text = """
        # a comment
        [box]
        type = sftp
        host = example.org

        [known]
        type = sftp
        known_hosts_file = /etc/vertex-ar-backup/known_hosts

        [secret]
        type = crypt
        remote = box:backups

        [s3]
        type = s3

        [loop]
        type = alias
        remote = loop:x
        """;

    [Theory]
    [InlineData("box:x", true)]
    [InlineData("secret:", true)]
    [InlineData("known:x", false)]
    [InlineData("s3:bucket", false)]
    [InlineData("loop:", false)]
    [InlineData("other:", false)]
    [InlineData("/mnt/x", false)]
    public void Sftp_without_known_hosts_trusts_any_host_also_beneath_crypt(string remote, bool trusts) =>
        Assert.Equal(trusts, new RcloneConfigFile(Text.Split('\n')).TrustsAnyHost(remote));

    [Fact]
    public void An_encrypted_file_tells_nothing() =>
        Assert.False(new RcloneConfigFile(["# Encrypted rclone configuration File", "", "RCLONE_ENCRYPT_V0:", "abc="]).TrustsAnyHost("box:"));
}
