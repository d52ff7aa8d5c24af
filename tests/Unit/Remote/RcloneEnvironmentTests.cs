using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class RcloneEnvironmentTests
{
    [Fact]
    public void It_is_chosen()
    {
        var given = new Dictionary<string, string>
        {
            ["PATH"] = "/bin",
            ["HOME"] = "/home/me",
            ["LANG"] = "de_DE.UTF-8",
            ["https_proxy"] = "http://proxy:3128",
            ["AWS_SECRET_ACCESS_KEY"] = "k",
            ["RCLONE_CONFIG_S3_TYPE"] = "s3",
            ["RCLONE_CONFIG"] = "/another/file",
            ["AWS_CA_BUNDLE"] = "/etc/ssl/x",
            ["TELEGRAM_BOT_TOKEN"] = "t",
            ["LD_PRELOAD"] = "x.so",
        };

        var chosen = RcloneEnvironment.Choose(given, _ => true);

        Assert.Equal(["AWS_SECRET_ACCESS_KEY", "HOME", "LANG", "PATH", "RCLONE_CONFIG_S3_TYPE", "https_proxy"], chosen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("C.UTF-8", chosen["LANG"]);
        Assert.DoesNotContain("HOME", RcloneEnvironment.Choose(given, _ => false).Keys);
    }
}
