using System.Globalization;
using System.Net.Sockets;

namespace VertexAr.Backup.Host;

/// <summary>
/// One POST, tried again where that can help. An address may be a secret in any of its parts but the host's name, so that
/// is all that is said of it; a redirection is not followed, since it would carry the content to somebody else.
/// </summary>
/// <param name="address">Where to; a name and password in it are sent as such.</param>
/// <param name="mediaType">What the content is.</param>
/// <param name="content">It.</param>
/// <param name="explain">What an answer's body says went wrong, if anything.</param>
internal sealed class WebPost(Uri address, string mediaType, byte[] content, Func<string, string?>? explain = null)
{
    private sealed record Attempt(string? Problem, bool Again = false, TimeSpan? Pause = null);

    /// <summary>Null when it arrived.</summary>
    public string? Send(Patience patience)
    {
        for (var tries = 1; ; tries++)
        {
            var (problem, again, pause) = Try(patience);
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

    private Attempt Try(Patience patience)
    {
        var time = patience.ForTry;
        if (time <= TimeSpan.Zero)
        {
            return new Attempt($"no time was left for {address.IdnHost}");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Stop);
        limit.CancelAfter(time);
        try
        {
            return Judge(new WebCall(address, WebProxy.For(address, Environment.GetEnvironmentVariable)).Post(mediaType, content, limit.Token));
        }
        catch (Exception e) when (e is WebProblem or IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            return patience.Stop.IsCancellationRequested ? new Attempt("the program was told to stop")
                : limit.IsCancellationRequested ? new Attempt(string.Create(CultureInfo.InvariantCulture, $"{address.IdnHost} did not answer within {time.TotalSeconds:0} seconds"), Again: true)
                : new Attempt(e is WebProblem ? e.Message : $"the connection to {address.IdnHost} was lost", Again: true);
        }
    }

    private Attempt Judge(WebAnswer answer)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{address.IdnHost} answered {answer.Code}");
        return answer.Code switch
        {
            < 300 => new Attempt(null),
            < 400 => new Attempt($"{text}, a redirection, which is not followed; name the address it leads to"),
            _ => new Attempt(explain?.Invoke(answer.Body) is { } said ? $"{text}: {said}" : text, answer.Code is >= 500 or 429 or 408, answer.RetryAfter),
        };
    }
}
