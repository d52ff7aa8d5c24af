using System.Net.Sockets;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Listens to the program as systemd does.</summary>
internal sealed class ServiceManager : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public ServiceManager(string address)
    {
        Address = address;
        socket.Bind(new UnixDomainSocketEndPoint(address));
    }

    /// <summary>For NOTIFY_SOCKET.</summary>
    public string Address { get; }

    /// <summary>All that was said since the last call.</summary>
    public List<string> Heard()
    {
        var (all, buffer) = (new List<string>(), new byte[4096]);
        while (socket.Available > 0)
        {
            all.Add(Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)));
        }

        return all;
    }

    public void Dispose() => socket.Dispose();
}
