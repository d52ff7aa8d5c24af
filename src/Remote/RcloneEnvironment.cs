namespace VertexAr.Backup.Remote;

/// <summary>
/// What rclone gets of this process's environment. Chosen, not inherited: an AWS_CA_BUNDLE alone breaks all of S3, and our own
/// secrets are none of its business.
/// </summary>
internal static class RcloneEnvironment
{
    /// <summary>rclone's own variables, which set any of its options and remotes.</summary>
    private const string Own = "RCLONE_";

    /// <summary>Named on the command line; this is another one.</summary>
    private const string ConfigFile = "RCLONE_CONFIG";

    private static readonly string[] Passed =
    [
        "PATH", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
    ];

    /// <param name="all">This process's environment.</param>
    /// <param name="canEnter">Whether a directory may be entered: where root became another user, HOME is still root's.</param>
    public static IReadOnlyDictionary<string, string> Choose(IEnumerable<KeyValuePair<string, string>> all, Func<string, bool> canEnter)
    {
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal) { ["LANG"] = "C.UTF-8" };
        foreach (var (name, value) in all)
        {
            if (Passed.Contains(name) || (name.StartsWith(Own, StringComparison.Ordinal) && name != ConfigFile) || (name == "HOME" && canEnter(value)))
            {
                chosen[name] = value;
            }
        }

        return chosen;
    }
}
