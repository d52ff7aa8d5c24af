using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace VertexAr.Backup.Host;

/// <summary>
/// One POST, tried again where that can help. An address may be a secret in any of its parts but the host's name, so that
/// is all that is said of it; a redirection is not followed, since it would carry the content to somebody else.
/// </summary>
/// <param name="address">Where to; a name and password in it are sent as such.</param>
/// <param name="mediaType">What the body is.</param>
/// <param name="body">Its content.</param>
/// <param name="explain">What an answer's body says went wrong, if anything.</param>
internal sealed class WebPost(Uri address, string mediaType, byte[] body, Func<string, string?>? explain = null)
{
    // Enough to say what is wrong.
    private const int LongestAnswer = 16 * 1024;

    private sealed record Attempt(string? Problem, bool Again = false, TimeSpan? Pause = null);

    /// <summary>Null when it arrived.</summary>
    public string? Send(Patience patience)
    {
        // Proxies are found in the environment, as other programs do.
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        for (var tries = 1; ; tries++)
        {
            var (problem, again, pause) = Try(client, patience);
            if (problem is null)
            {
                return null;
            }

            if (!again || tries == patience.Tries || !patience.Wait(patience.PauseAfter(tries, pause)))
            {
                return tries == 1 ? problem : string.Create(CultureInfo.InvariantCulture, $"{problem} (tried {tries} times)");
            }
        }
    }

    private Attempt Try(HttpClient client, Patience patience)
    {
        var time = patience.ForTry;
        if (time <= TimeSpan.Zero)
        {
            return new Attempt($"no time was left for {address.Host}");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Stop);
        limit.CancelAfter(time);
        try
        {
            using var request = Request();
            using var answer = client.Send(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return answer.IsSuccessStatusCode ? new Attempt(null) : Judge(answer, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return patience.Stop.IsCancellationRequested
                ? new Attempt("the program was told to stop")
                : new Attempt(string.Create(CultureInfo.InvariantCulture, $"{address.Host} did not answer within {time.TotalSeconds:0} seconds"), Again: true);
        }
        catch (HttpRequestException e)
        {
            return new Attempt(Reason(e), Again: true);
        }
        catch (IOException)
        {
            return new Attempt($"the connection to {address.Host} was lost", Again: true);
        }
    }

    private HttpRequestMessage Request()
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType, "utf-8");
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("vertex-ar-backup", null));
        if (address.UserInfo.Length > 0)
        {
            var pair = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair));
        }

        return request;
    }

    private Attempt Judge(HttpResponseMessage answer, CancellationToken stop)
    {
        var code = (int)answer.StatusCode;
        var text = string.Create(CultureInfo.InvariantCulture, $"{address.Host} answered {code}");
        if (code is >= 300 and < 400)
        {
            return new Attempt($"{text}, a redirection, which is not followed; name the address it leads to");
        }

        var said = explain is null ? null : explain(Body(answer, stop));
        var again = code >= 500 || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;
        return new Attempt(said is null ? text : $"{text}: {said}", again, answer.Headers.RetryAfter?.Delta);
    }

    private static string Body(HttpResponseMessage answer, CancellationToken stop)
    {
        try
        {
            answer.Content.LoadIntoBufferAsync(LongestAnswer, stop).GetAwaiter().GetResult();
            return Encoding.UTF8.GetString(answer.Content.ReadAsByteArrayAsync(stop).GetAwaiter().GetResult());
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return "";
        }
    }

    /// <summary>Made here: the messages of .NET name addresses, and the password of a proxy.</summary>
    private string Reason(HttpRequestException error) => error.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => $"the name {address.Host} is not known",
        HttpRequestError.ConnectionError when Inner<SocketException>(error) is { } socket =>
            $"{address.Host} cannot be reached: {new SocketException((int)socket.SocketErrorCode).Message}",
        HttpRequestError.ConnectionError => $"{address.Host} cannot be reached",
        HttpRequestError.SecureConnectionError => $"no secure connection to {address.Host}: {Inner<Exception>(error)?.Message ?? "the handshake failed"}",
        HttpRequestError.ProxyTunnelError => $"the proxy does not let through to {address.Host}",
        HttpRequestError.ResponseEnded => $"{address.Host} closed the connection without an answer",
        _ => $"{address.Host} gave no valid answer",
    };

    private static T? Inner<T>(Exception error)
        where T : Exception => error.InnerException switch
        {
            T found => found,
            null => null,
            var other => Inner<T>(other),
        };
}
