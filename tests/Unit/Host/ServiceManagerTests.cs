using System.Net.Sockets;
using System.Text;
using VertexAr.Backup.Host;

namespace VertexAr.Backup.Tests.Host;

/// <summary>What a service manager hears at its socket.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_hears_each_state_in_a_message_of_its_own(bool isAbstract)
    {
        var name = isAbstract ? $"vertex-ar-{Guid.NewGuid():N}" : directory["notify"];
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name : name));
        var manager = ServiceManager.Find(_ => isAbstract ? "@" + name : name);

        Assert.NotNull(manager);
        manager.Ready();
        manager.Status("two\nlines");
        manager.Stopping();

        Assert.Equal(["READY=1", "STATUS=two lines", "STOPPING=1"], Enumerable.Range(0, 3).Select(_ => Heard(socket)));
    }

    [Fact]
    public void One_that_is_gone_is_not_missed()
    {
        var manager = ServiceManager.Find(_ => directory["gone"]);

        Assert.NotNull(manager);
        manager.Ready();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock:2:1234")]
    [InlineData("/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789")]
    public void There_may_be_none(string? address) => Assert.Null(ServiceManager.Find(_ => address));

    private static string Heard(Socket socket)
    {
        var buffer = new byte[1000];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }
}
