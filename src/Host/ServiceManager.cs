using System.Net.Sockets;
using System.Text;

namespace VertexAr.Backup.Host;

/// <summary>
/// The manager that started this service and wants to hear of its state, as sd_notify(3) describes it: datagrams to the socket
/// that NOTIFY_SOCKET names. What it cannot be told, it is not: no run fails for that.
/// </summary>
internal sealed class ServiceManager
{
    private const string Variable = "NOTIFY_SOCKET";

    // systemd reads as fast as it can; one that hangs must not hang us.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly UnixDomainSocketEndPoint address;

    private ServiceManager(UnixDomainSocketEndPoint address) => this.address = address;

    /// <summary>Null where nobody wants to hear, or at an address of a kind that is not supported.</summary>
    public static ServiceManager? Find(Func<string, string?> environment)
    {
        try
        {
            return environment(Variable) switch
            {
                ['/', ..] path => new ServiceManager(new UnixDomainSocketEndPoint(path)),
                ['@', .. var name] => new ServiceManager(new UnixDomainSocketEndPoint("\0" + name)),
                _ => null,
            };
        }
        catch (ArgumentOutOfRangeException)
        {
            return null; // Longer than a socket's name can be.
        }
    }

    /// <summary>Where to tell how far a run is; null where nobody wants to hear.</summary>
    public static Action<string>? StatusOf(Func<string, string?> environment) => Find(environment) is { } manager ? manager.Status : null;

    public void Ready() => Tell("READY=1");

    public void Stopping() => Tell("STOPPING=1");

    /// <summary>A line for people, shown by <c>systemctl status</c>.</summary>
    public void Status(string text) => Tell("STATUS=" + string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)));

    private void Tell(string state)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = (int)Patience.TotalMilliseconds };
            socket.SendTo(Encoding.UTF8.GetBytes(state), address);
        }
        catch (SocketException)
        {
            // Nobody listens there any more.
        }
    }
}
