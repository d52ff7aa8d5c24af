using VertexAr.Backup.Commands;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Commands;

/// <summary>The service's environment file, and words for a shell.</summary>
public sealed class ServiceEnvironmentTests
{
    [Fact]
    public void Quotes_and_comments_are_as_systemd_takes_them()
    {
        var set = ServiceEnvironment.Parse(["# A=1", "; B=2", "", " C = three ", "D=\"a b\"", "E='x'", "F=\"half", "nothing", "C=later", "G="]);

        Assert.Equal(
            new Dictionary<string, string> { ["C"] = "later", ["D"] = "a b", ["E"] = "x", ["F"] = "\"half", ["G"] = "" }, set);
    }

    [Theory]
    [InlineData("/srv/a-b_c.d", "/srv/a-b_c.d")]
    [InlineData("/srv/my site", "'/srv/my site'")]
    [InlineData("/srv/it's", "'/srv/it'\\''s'")]
    [InlineData("/srv/$(reboot)", "'/srv/$(reboot)'")]
    public void A_path_is_pasted_safely(string path, string word)
    {
        Assert.Equal(word, ShellWord.Of(path));
    }
}
