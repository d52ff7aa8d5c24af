namespace VertexAr.Backup.Host;

/// <summary>The proxy that the environment names, by the variables that other programs read.</summary>
internal static class WebProxy
{
    /// <summary>Null for none. An address of one may hold a password.</summary>
    public static Uri? For(Uri address, Func<string, string?> environment)
    {
        if (IsExcepted(address.IdnHost, Value("no_proxy", "NO_PROXY") ?? ""))
        {
            return null;
        }

        // HTTP_PROXY in capitals could be a header of a CGI request.
        var named = (address.Scheme == Uri.UriSchemeHttps ? Value("https_proxy", "HTTPS_PROXY") : Value("http_proxy")) ?? Value("all_proxy", "ALL_PROXY");
        return named is null ? null
            : Uri.TryCreate(named.Contains("://", StringComparison.Ordinal) ? named : "http://" + named, UriKind.Absolute, out var proxy)
                && proxy.Scheme == Uri.UriSchemeHttp ? proxy
            : throw new WebProblem("the proxy that the environment names is no http:// address");

        string? Value(params string[] names) => names.Select(environment).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value))?.Trim();
    }

    /// <summary>"example.org" and ".example.org" stand for that host and all below.</summary>
    private static bool IsExcepted(string host, string exceptions) => exceptions
        .Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(name => name.TrimStart('*').TrimStart('.'))
        .Any(name => name.Length == 0 || host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));
}
