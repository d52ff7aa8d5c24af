using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace VertexAr.Backup.Host;

/// <summary>Why a call came to nothing, without any part of an address but the host's name.</summary>
internal sealed class WebProblem(string text) : Exception(text);

/// <param name="Code">The status.</param>
/// <param name="Fields">The head's lines.</param>
/// <param name="Body">Its beginning; of a success, nothing.</param>
internal sealed record WebAnswer(int Code, IReadOnlyList<string> Fields, string Body)
{
    public TimeSpan? RetryAfter => int.TryParse(Field("Retry-After"), CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 ? TimeSpan.FromSeconds(seconds) : null;

    public string? Field(string name) =>
        Fields.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}

/// <summary>
/// One POST over a connection of its own, by HTTP/1.1 (RFC 9112). By hand, because .NET's client, with all that it can do,
/// would be a quarter of the program (Trimmed.xml keeps it out), and this needs a line of an answer.
/// </summary>
internal sealed class WebCall(Uri address, Uri? proxy)
{
    // Head or body: enough to say what is wrong.
    private const int Longest = 16 * 1024;

    private string Place => (address.HostNameType == UriHostNameType.IPv6 ? $"[{address.IdnHost}]" : address.IdnHost)
        + (address.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{address.Port}"));

    /// <param name="mediaType">What the content is, in UTF-8.</param>
    /// <param name="content">What is sent.</param>
    /// <param name="stop">Ends it; then it fails with any of the exceptions of sockets and streams.</param>
    /// <exception cref="WebProblem">Nothing valid was answered.</exception>
    public WebAnswer Post(string mediaType, byte[] content, CancellationToken stop)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var cut = stop.UnsafeRegister(static held => ((Socket)held!).Dispose(), socket);
        Connect(socket);
        using var plain = new NetworkStream(socket);
        if (address.Scheme != Uri.UriSchemeHttps)
        {
            return Exchange(plain, mediaType, content);
        }

        if (proxy is not null)
        {
            Tunnel(plain);
        }

        using var secure = new SslStream(plain);
        Secure(secure);
        return Exchange(secure, mediaType, content);
    }

    private void Connect(Socket socket)
    {
        try
        {
            socket.Connect((proxy ?? address).IdnHost, (proxy ?? address).Port);
        }
        catch (SocketException e)
        {
            throw new WebProblem(
                proxy is not null ? $"the proxy cannot be reached: {e.Message}"
                : e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery ? $"the name {address.IdnHost} is not known"
                : $"{address.IdnHost} cannot be reached: {new SocketException((int)e.SocketErrorCode).Message}");
        }
    }

    private void Secure(SslStream stream)
    {
        try
        {
            stream.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = address.IdnHost });
        }
        catch (AuthenticationException e)
        {
            throw new WebProblem($"no secure connection to {address.IdnHost}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    private void Tunnel(NetworkStream stream)
    {
        var place = $"{address.IdnHost}:{address.Port.ToString(CultureInfo.InvariantCulture)}";
        Send(stream, [$"CONNECT {place} HTTP/1.1", $"Host: {place}", .. Credentials("Proxy-Authorization", proxy!)], []);
        if (Receive(stream).Code != 200)
        {
            throw new WebProblem($"the proxy does not let through to {address.IdnHost}");
        }
    }

    private WebAnswer Exchange(Stream stream, string mediaType, byte[] content)
    {
        var relayed = proxy is not null && address.Scheme == Uri.UriSchemeHttp;
        Send(
            stream,
            [
                $"POST {(relayed ? $"http://{Place}" : "")}{address.PathAndQuery} HTTP/1.1",
                $"Host: {Place}",
                "User-Agent: vertex-ar-backup",
                $"Content-Type: {mediaType}; charset=utf-8",
                string.Create(CultureInfo.InvariantCulture, $"Content-Length: {content.Length}"),
                "Connection: close",
                .. Credentials("Authorization", address),
                .. relayed ? Credentials("Proxy-Authorization", proxy!) : [],
            ],
            content);
        return Receive(stream);
    }

    private static IEnumerable<string> Credentials(string field, Uri address) => address.UserInfo.Length == 0 ? []
        : [$"{field}: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo)))}"];

    private static void Send(Stream stream, IEnumerable<string> head, byte[] content)
    {
        // In one write: in two, some servers would see a request without its content first.
        stream.Write([.. Encoding.ASCII.GetBytes(string.Concat(head.Select(line => line + "\r\n")) + "\r\n"), .. content]);
        stream.Flush();
    }

    private WebAnswer Receive(Stream stream)
    {
        var buffer = new byte[Longest];
        var length = 0;
        while (true)
        {
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                var lines = Encoding.Latin1.GetString(buffer, 0, end).Split("\r\n");
                var code = Code(lines[0]);
                if (code is < 100 or >= 200)
                {
                    return new WebAnswer(code, lines, code < 300 ? "" : Body(stream, buffer, end + 4, length));
                }

                // "Go on", before the answer.
                buffer.AsSpan(end + 4, length - end - 4).CopyTo(buffer);
                length -= end + 4;
                continue;
            }

            var read = length < buffer.Length ? stream.Read(buffer, length, buffer.Length - length) : 0;
            if (read == 0)
            {
                throw new WebProblem(length == 0 ? $"{address.IdnHost} closed the connection without an answer" : $"{address.IdnHost} gave no valid answer");
            }

            length += read;
        }
    }

    private int Code(string line) =>
        line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line.Length >= 12 && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            ? code
            : throw new WebProblem($"{address.IdnHost} gave no valid answer");

    /// <summary>What comes until the end, the buffer's or the other side's.</summary>
    private static string Body(Stream stream, byte[] buffer, int start, int length)
    {
        try
        {
            for (int read; length < buffer.Length && (read = stream.Read(buffer, length, buffer.Length - length)) > 0;)
            {
                length += read;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The answer is known; this only would have explained it.
        }

        return Encoding.UTF8.GetString(buffer, start, length - start);
    }
}
