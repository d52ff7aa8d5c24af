using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class PlaceTroubleTests
{
    private const uint Owner = 4001;

    private static readonly MountTable Mounts = MountTable.Parse(
    [
        "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",
        $"40 22 0:50 / /srv/share rw - fuse.sshfs host:/export rw,user_id={Owner},group_id=4001",
        "41 22 0:51 / /srv/open rw - fuse.sshfs host:/export rw,user_id=4001,group_id=4001,allow_other",
        "42 22 0:52 / /srv/nfs rw - nfs4 nas:/export rw",
        "43 22 0:53 / /srv/cloud rw - fuse.rclone remote:bucket rw,user_id=0,group_id=0",
    ]);

    [Fact]
    public void A_server_program_that_ended_is_told_with_its_mount()
    {
        var trouble = PlaceTrouble.Of("/srv/share/backups", PosixError.NotConnected, Mounts, 0)!;
        Assert.Equal("the program that serves /srv/share (fuse.sshfs, host:/export) has ended: nothing there can be reached", trouble.Text);
        Assert.Equal("sudo umount -l /srv/share, and mount it again", trouble.Mend);
    }

    [Fact]
    public void A_server_that_forgot_an_export_is_told() =>
        Assert.Contains("nas:/export", PlaceTrouble.Of("/srv/nfs/backups", PosixError.Stale, Mounts, 0)!.Text, StringComparison.Ordinal);

    [Theory]
    [InlineData("/srv/share/backups", 0, "was mounted by user 4001 without allow_other: nobody else may enter it, not even root")]
    [InlineData("/srv/share/backups", 1234, "was mounted by user 4001 without allow_other: nobody else may enter it, not even root")]
    [InlineData("/srv/cloud/backups", 1234, "was mounted by root without allow_other: nobody else may enter it")]
    public void A_share_of_another_user_is_told_as_what_it_is(string path, uint user, string end)
    {
        var trouble = PlaceTrouble.Of(path, PosixError.AccessDenied, Mounts, user)!;
        Assert.EndsWith(end, trouble.Text, StringComparison.Ordinal);
        Assert.Contains("allow_other", trouble.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/srv/share/backups", PosixError.AccessDenied, Owner)]
    [InlineData("/srv/open/backups", PosixError.AccessDenied, 0)]
    [InlineData("/srv/nfs/backups", PosixError.AccessDenied, 0)]
    [InlineData("/srv/share/backups", PosixError.InputOutput, 0)]
    [InlineData("/var/backups", PosixError.AccessDenied, 1)]
    public void What_has_another_cause_is_left_to_those_who_know_it(string path, int number, uint user) => Assert.Null(PlaceTrouble.Of(path, number, Mounts, user));

    [Theory]
    [InlineData("/srv/cloud/a", true)]
    [InlineData("/srv/share/a", false)]
    public void A_mount_of_rclone_keeps_back_what_it_called_synced(string path, bool keeps) => Assert.Equal(keeps, Mounts.Over(path)!.KeepsBack);
}
