using System.Text;

namespace VertexAr.Backup.Host;

/// <summary>
/// A watch that raises the alarm when it hears nothing, after the conventions of healthchecks.io: URL/start when a run begins,
/// then URL for success or URL/fail; URL/log for what is only to be noted.
/// </summary>
#pragma warning disable CA1001 // A thread that is left behind may look at it yet; it holds nothing that must be given back.
internal sealed class HealthcheckChannel(string address) : IChannel
#pragma warning restore CA1001
{
    // The sign of the end waits so long for the sign of the start, which must not come after it.
    private static readonly TimeSpan StartFirst = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource ending = new();
    private Thread? starting;

    public string Name => "healthcheck";

    /// <summary>In the background: no run waits for this. One that is not heard does no harm.</summary>
    public void Start(PatienceLimits limits, TimeProvider clock)
    {
        starting = new Thread(() => Send("/start", "", new Patience(limits, clock, ending.Token)), 256 * 1024) { IsBackground = true, Name = "healthcheck" };
        starting.Start();
    }

    public string? Tell(Message message, Patience patience)
    {
        var first = patience.Left / 3 < StartFirst ? patience.Left / 3 : StartFirst;
        if (starting is not null && first > TimeSpan.Zero && !starting.Join(first))
        {
            ending.Cancel();
            starting.Join(first);
        }

        var path = message.Sign switch
        {
            HealthSign.Success => "",
            HealthSign.Failure => "/fail",
            _ => "/log",
        };
        return Send(path, $"{message.Subject}\n{message.Text}\n", patience);
    }

    private string? Send(string path, string text, Patience patience)
    {
        var query = address.IndexOfAny(['?', '#']);
        var (place, rest) = query < 0 ? (address, "") : (address[..query], address[query..]);
        return new WebPost(new Uri(path.Length == 0 ? address : place.TrimEnd('/') + path + rest), "text/plain", Encoding.UTF8.GetBytes(text)).Send(patience);
    }
}
