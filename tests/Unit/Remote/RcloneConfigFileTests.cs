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

        [disk]
        type = local

        [inside]
        type = crypt
        remote = short:crypt

        [short]
        type = alias
        remote = disk:/mnt/one/

        [both]
        type = union
        upstreams = /mnt/two:ro short:u s3:bucket:nc

        [named]
        type = combine
        upstreams = a=/mnt/a b=disk:/mnt/b

        [relative]
        type = alias
        remote = somewhere

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

    [Theory]
    [InlineData("/mnt/x/", "/mnt/x")]
    [InlineData("/", "/")]
    [InlineData("disk:/mnt/x", "/mnt/x")]
    [InlineData("disk,copy_links=true:/mnt/x", "/mnt/x")]
    [InlineData(":local:/mnt/x", "/mnt/x")]
    [InlineData(":local,copy_links=true:/mnt/x", "/mnt/x")]
    [InlineData("short:x", "/mnt/one/x")]
    [InlineData("inside:x", "/mnt/one/crypt")]
    [InlineData("both:x", "/mnt/two/x|/mnt/one/u/x")]
    [InlineData("named:", "/mnt/a|/mnt/b")]
    [InlineData("named:b/x", "/mnt/b/x")]
    [InlineData("named:c", "")]
    [InlineData("disk:x", "")]
    [InlineData("relative:x", "")]
    [InlineData("short,remote=/mnt/y:x", "")]
    [InlineData("box:x", "")]
    [InlineData("secret:", "")]
    [InlineData("loop:", "")]
    [InlineData("other:x", "")]
    [InlineData(":s3,provider=AWS:x", "")]
    [InlineData(":", "")]
    [InlineData("", "")]
    public void The_directories_of_this_machine_are_found_behind_what_wraps_them(string remote, string directories) =>
        Assert.Equal(directories, string.Join('|', new RcloneConfigFile(Text.Split('\n')).DirectoriesOf(remote)));

    [Fact]
    public void An_encrypted_file_tells_nothing()
    {
        var file = new RcloneConfigFile(["# Encrypted rclone configuration File", "", "RCLONE_ENCRYPT_V0:", "abc="]);
        Assert.False(file.TrustsAnyHost("box:"));
        Assert.Empty(file.DirectoriesOf("box:"));
    }
}
