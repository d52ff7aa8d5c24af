using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class RestoreGoneLinkTests
{
    [Theory]
    [InlineData("/opt/app/media", "/usb/media", "/opt /opt/app", "/opt/app/media", "/usb/media")]
    [InlineData("/opt/app/media", "/usb/media", "/opt", "/opt/app", "/usb")]
    [InlineData("/opt/app/media", "/mnt/other", "/opt", "/opt/app/media", "/mnt/other")]
    [InlineData("/opt/a/b/c", "/mnt/x/b/c", "/opt", "/opt/a", "/mnt/x")]
    [InlineData("/opt/a/b/c", "/mnt/x/b/c", "/opt /opt/a", "/opt/a/b", "/mnt/x/b")]
    [InlineData("/data/c", "/c", "", "/data/c", "/c")]
    [InlineData("/c", "/mnt/c", "", "/c", "/mnt/c")]
    public void The_link_that_is_gone_is_the_uppermost_that_explains_where_the_path_led(string path, string led, string there, string link, string target) =>
        Assert.Equal((link, target), RestoreGoneLink.Find(path, led, there.Split(' ').Contains));
}
