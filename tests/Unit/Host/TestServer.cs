using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VertexAr.Backup.Tests.Host;

/// <summary>What a request was.</summary>
internal sealed record Heard(string Method, string Target, string Head, string Body);

/// <summary>
/// A small HTTP server of a test's own. It answers each request as it is told: with a status, "hang" (never), "close" (at
/// once). The last answer holds for all that come after.
/// </summary>
internal sealed class TestServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> answers;
    private readonly ConcurrentQueue<Heard> heard = new();
    private readonly TaskCompletionSource over = new();

    public TestServer(params string[] answers)
    {
        this.answers = new ConcurrentQueue<string>(answers);
        listener.Start();
        new Thread(Listen) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string Address => $"http://127.0.0.1:{Port}";

    public IReadOnlyList<Heard> Requests => [.. heard];

    /// <summary>Added to each answer.</summary>
    public string Body { get; set; } = "";

    /// <summary>Lines added to the head of each answer.</summary>
    public string Fields { get; set; } = "";

    public void Dispose()
    {
        over.SetResult();
        listener.Dispose();
    }

    private void Listen()
    {
        try
        {
            while (true)
            {
                var client = listener.AcceptTcpClient();
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException or ObjectDisposedException)
        {
            // It was stopped.
        }
    }

    private void Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                heard.Enqueue(Read(stream));
                var answer = answers.TryDequeue(out var next) ? next : "200";
                if (answers.IsEmpty)
                {
                    answers.Enqueue(answer);
                }

                switch (answer)
                {
                    case "hang":
                        over.Task.Wait();
                        break;
                    case "close":
                        break;
                    default:
                        stream.Write(Encoding.UTF8.GetBytes($"HTTP/1.1 {answer} X\r\n{Fields}Content-Length: {Encoding.UTF8.GetByteCount(Body)}\r\nConnection: close\r\n\r\n{Body}"));
                        break;
                }
            }
            catch (IOException)
            {
                // The other side is gone.
            }
        }
    }

    private static Heard Read(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var head = "";
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var next = stream.ReadByte();
            if (next < 0)
            {
                break;
            }

            bytes.Add((byte)next);
            head += (char)next;
        }

        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) is { } field
            ? int.Parse(field[16..], System.Globalization.CultureInfo.InvariantCulture) : 0;
        var body = new byte[length];
        stream.ReadExactly(body);
        var words = head.Split(' ');
        return new Heard(words[0], words.Length > 1 ? words[1] : "", head, Encoding.UTF8.GetString(body));
    }
}
