using VertexAr.Backup.Host;

namespace VertexAr.Backup.Tests.Host;

/// <summary>The proxy that the environment names.</summary>
public sealed class WebProxyTests
{
    [Theory]
    [InlineData("https://a.example/x", "https_proxy=http://p:1", "http://p:1/")]
    [InlineData("https://a.example/x", "HTTPS_PROXY=p:1", "http://p:1/")]
    [InlineData("https://a.example/x", "http_proxy=http://p:1", null)]
    [InlineData("http://a.example/x", "http_proxy=http://u:w@p:1", "http://u:w@p:1/")]
    [InlineData("http://a.example/x", "HTTP_PROXY=http://p:1", null)]
    [InlineData("http://a.example/x", "all_proxy=http://p:1", "http://p:1/")]
    [InlineData("http://a.example/x", "http_proxy=", null)]
    [InlineData("http://a.example/x", "http_proxy=http://p:1;no_proxy=b.example, .example", null)]
    [InlineData("http://a.example/x", "http_proxy=http://p:1;no_proxy=A.EXAMPLE", null)]
    [InlineData("http://a.example/x", "http_proxy=http://p:1;no_proxy=*", null)]
    [InlineData("http://aa.example/x", "http_proxy=http://p:1;no_proxy=a.example", "http://p:1/")]
    public void It_is_found_as_other_programs_find_it(string address, string variables, string? proxy)
    {
        var environment = variables.Split(';').ToDictionary(pair => pair.Split('=')[0], pair => pair.Split('=')[1]);

        Assert.Equal(proxy, WebProxy.For(new Uri(address), environment.GetValueOrDefault)?.ToString());
    }

    [Fact]
    public void One_of_another_kind_is_refused_without_its_password() =>
        Assert.DoesNotContain(
            "secret",
            Assert.Throws<WebProblem>(() => WebProxy.For(new Uri("http://a"), name => name == "http_proxy" ? "socks5://u:secret@p" : null)).Message,
            StringComparison.Ordinal);
}
