namespace VertexAr.Backup.Commands;

/// <summary>What the service's environment file sets, beneath this process's own environment: a run of the service sees it, a shell does not.</summary>
internal static class ServiceEnvironment
{
    public const string File = "/etc/default/vertex-ar-backup";

    /// <summary>A file that is missing, or not ours to read, sets nothing.</summary>
    public static Func<string, string?> Over(Func<string, string?> environment)
    {
        var set = Read();
        return name => environment(name) is { Length: > 0 } own ? own : set.GetValueOrDefault(name);
    }

    private static Dictionary<string, string> Read()
    {
        try
        {
            return Parse(System.IO.File.ReadAllLines(File));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>KEY=VALUE lines; comments and quotes as systemd takes them (systemd.exec(5), EnvironmentFile=).</summary>
    internal static Dictionary<string, string> Parse(IEnumerable<string> lines)
    {
        var set = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Select(line => line.Trim()).Where(line => !line.StartsWith('#') && !line.StartsWith(';')))
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                var value = line[(equals + 1)..].Trim();
                var isQuoted = value.Length > 1 && (value[0] is '"' or '\'') && value[^1] == value[0];
                set[line[..equals].Trim()] = isQuoted ? value[1..^1] : value;
            }
        }

        return set;
    }
}
