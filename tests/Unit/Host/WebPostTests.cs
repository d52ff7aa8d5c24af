using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using VertexAr.Backup.Host;

namespace VertexAr.Backup.Tests.Host;

/// <summary>Tries, pauses and reasons of one POST.</summary>
public sealed class WebPostTests
{
    private const string Secret = "/hook/T0p5ecret?key=T0p5ecret";

    private readonly PauseClock clock = new();

    [Fact]
    public void It_arrives_as_it_is_with_name_and_password_of_the_address()
    {
        using var server = new TestServer("204");

        Assert.Null(Send($"http://me:pass%20word@127.0.0.1:{server.Port}{Secret}"));

        var request = Assert.Single(server.Requests);
        Assert.Equal(("POST", Secret, "hello ä"), (request.Method, request.Target, request.Body));
        Assert.Contains("Authorization: Basic " + Convert.ToBase64String("me:pass word"u8), request.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("429", "503", 2)]
    [InlineData("500", "close", 2)]
    [InlineData("500", "200", 1)]
    public void What_may_pass_is_tried_again_after_a_pause(string first, string second, int pauses)
    {
        using var server = new TestServer(first, second, "200");
        Assert.Null(Send(server.Address + Secret));

        Assert.Equal(pauses + 1, server.Requests.Count);
        Assert.Equal(TimeSpan.FromSeconds(pauses == 1 ? 1 : 4), clock.Paused);
    }

    [Theory]
    [InlineData("400")]
    [InlineData("401")]
    [InlineData("404")]
    [InlineData("410")]
    public void What_is_refused_is_not_tried_again(string answer)
    {
        using var server = new TestServer(answer);

        Assert.Equal($"127.0.0.1 answered {answer}", Send(server.Address + Secret));
        Assert.Single(server.Requests);
    }

    [Fact]
    public void It_gives_up_after_three_tries()
    {
        using var server = new TestServer("500");

        Assert.Equal("127.0.0.1 answered 500 (tried 3 times)", Send(server.Address + Secret));
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public void A_pause_that_the_other_side_asks_for_is_kept_if_there_is_time()
    {
        using var server = new TestServer("429", "200") { Fields = "Retry-After: 7\r\n" };
        Assert.Null(Send(server.Address));

        Assert.Equal(TimeSpan.FromSeconds(7), clock.Paused);
    }

    [Fact]
    public void One_that_is_longer_than_there_is_time_ends_it()
    {
        using var server = new TestServer("429", "200") { Fields = "Retry-After: 3600\r\n" };

        Assert.Equal("127.0.0.1 answered 429", Send(server.Address));
        Assert.Equal(TimeSpan.Zero, clock.Paused);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Redirections_are_not_followed()
    {
        using var elsewhere = new TestServer("200");
        using var server = new TestServer("307") { Fields = $"Location: {elsewhere.Address}/\r\n" };

        Assert.Equal("127.0.0.1 answered 307, a redirection, which is not followed; name the address it leads to", Send(server.Address + Secret));
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [InlineData("hang", "127.0.0.1 did not answer within 0 seconds (tried 3 times)")]
    [InlineData("close", "127.0.0.1 closed the connection without an answer (tried 3 times)")]
    public void One_that_does_not_answer_is_said_without_its_address(string answer, string problem)
    {
        using var server = new TestServer(answer);

        Assert.Equal(problem, Send(server.Address + Secret, new PatienceLimits { Try = TimeSpan.FromMilliseconds(answer == "hang" ? 300 : 10_000) }));
    }

    [Fact]
    public void One_that_is_not_there_is_said_without_its_address()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        Assert.Equal("127.0.0.1 cannot be reached: Connection refused (tried 3 times)", Send($"http://127.0.0.1:{port}{Secret}"));
        Assert.Equal("the name no-such-host.invalid is not known (tried 3 times)", Send("http://no-such-host.invalid" + Secret));
    }

    [Fact]
    public void A_server_that_is_no_web_server_is_said()
    {
        using var server = new TestServer("no number");

        Assert.Equal("127.0.0.1 gave no valid answer (tried 3 times)", Send(server.Address + Secret));
    }

    [Fact]
    public void A_stop_ends_it_at_once()
    {
        using var server = new TestServer("hang");
        using var stopping = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var watch = Stopwatch.StartNew();
        var patience = new Patience(PatienceLimits.Usual, TimeProvider.System, stopping.Token);

        Assert.Equal("the program was told to stop", new WebPost(new Uri(server.Address), "text/plain", []).Send(patience));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(9), "it went on");
    }

    private string? Send(string address, PatienceLimits? limits = null) =>
        new WebPost(new Uri(address), "text/plain", Encoding.UTF8.GetBytes("hello ä")).Send(new Patience(limits ?? PatienceLimits.Usual, clock, CancellationToken.None));
}
