using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Config;

public sealed class OffsiteSettingTests : IDisposable
{
    private readonly ConfigFile file = new();

    public void Dispose() => file.Dispose();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "offsite": null }""")]
    public void Without_it_there_is_no_second_place(string text)
    {
        file.Text = text;

        Assert.Null(file.Load().Settings.Offsite);
        Assert.DoesNotContain(file.Load().Origins, row => row.Key.StartsWith("offsite", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        file.Text = """{ "offsite": { "remote": "s3:bucket/x" } }""";

        var offsite = file.Load().Settings.Offsite!;

        Assert.Equal(new OffsiteSetting { Remote = "s3:bucket/x" }, offsite);
        Assert.Equal(
            ("/etc/vertex-ar-backup/rclone.conf", true, 4, 300, "rclone", false),
            (offsite.RcloneConfig, offsite.PushAfterCreate, offsite.Transfers, offsite.TimeoutSeconds, offsite.Rclone, offsite.Deletes));
        Assert.Contains(new SettingOrigin("offsite.remote", "s3:bucket/x", file.FilePath + ":1"), file.Load().Origins);
        Assert.Contains(new SettingOrigin("offsite.max_backups", "none", "default"), file.Load().Origins);
    }

    [Fact]
    public void All_of_it_is_read()
    {
        file.Text = """
            { "offsite": { "remote": "/mnt/x", "rclone_config": "/r/../rclone.conf", "push_after_create": false, "max_backups": 3,
              "keep": { "daily": 1, "weekly": 2, "monthly": 3, "yearly": 4 }, "limit_mb_per_s": 5, "transfers": 6, "timeout_seconds": 7, "rclone": "/opt/rclone" } }
            """;

        Assert.Equal(
            new OffsiteSetting
            {
                Remote = "/mnt/x",
                RcloneConfig = "/rclone.conf",
                PushAfterCreate = false,
                MaxBackups = 3,
                Keep = new KeepSetting(1, 2, 3, 4),
                LimitMbPerS = 5,
                Transfers = 6,
                TimeoutSeconds = 7,
                Rclone = "/opt/rclone",
            },
            file.Load().Settings.Offsite);
    }

    [Theory]
    [InlineData("""{ "offsite": {} }""", "FILE:1: 'offsite' has no 'remote'")]
    [InlineData("""{ "offsite": "s3:x" }""", "FILE:1: 'offsite' is the text 's3:x'; it must be an object: { … }")]
    [InlineData("""{ "offsite": { "remote": "bucket" } }""", "FILE:1: 'offsite.remote' cannot be used: it must be a remote as rclone names it, NAME:PATH, or an absolute path")]
    [InlineData("""{ "offsite": { "remote": ":s3,secret_access_key=hush:b" } }""", "FILE:1: 'offsite.remote' cannot be used: it holds a secret, which belongs into rclone's configuration file")]
    [InlineData("""{ "offsite": { "remote": "s3:b", "transfer": 4 } }""", "FILE:1: key 'offsite.transfer' is unknown; did you mean 'offsite.transfers'?")]
    [InlineData("""{ "offsite": { "remote": "s3:b", "max_backups": 0 } }""", "FILE:1: 'offsite.max_backups' is 0; it must be a whole number of 1 or more")]
    [InlineData("""{ "offsite": { "remote": "s3:b", "transfers": null } }""", "FILE:1: 'offsite.transfers' is null; it must be a whole number from 1 to 64")]
    [InlineData("""{ "offsite": { "remote": "s3:b", "keep": { "hourly": 1 } } }""", "FILE:1: key 'offsite.keep.hourly' is unknown")]
    [InlineData("""{ "offsite": { "remote": "s3:b", "rclone_config": "x" } }""", "FILE:1: 'offsite.rclone_config' is 'x'; it must be an absolute path")]
    public void What_is_wrong_is_named_with_its_line(string text, string error)
    {
        file.Text = text;

        Assert.Equal([error], file.Errors());
    }

    [Theory]
    [InlineData("""{ "max_backups": null, "nonsense": 1, "offsite": { "remote": "s3:b" } }""", "s3:b")]
    [InlineData("""{ "backup_dir": "x" }""", null)]
    public void It_is_found_whatever_is_wrong_with_the_rest(string text, string? remote)
    {
        file.Text = text;

        Assert.Equal(remote, SettingsLoader.Offsite(file.FilePath, null, null, _ => null)?.Remote);
    }

    [Fact]
    public void A_remote_that_is_named_needs_no_file()
    {
        var named = SettingsLoader.Offsite("/nonexistent", "box:", "/r.conf", _ => null)!;

        Assert.Equal(("box:", "/r.conf"), (named.Remote, named.RcloneConfig));
        Assert.Equal(ExitCode.Usage, Assert.Throws<UserError>(() => SettingsLoader.Offsite(null, "box", null, _ => null)).Code);
    }
}
