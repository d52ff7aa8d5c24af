namespace VertexAr.Backup.Remote;

/// <summary>A little of rclone's configuration file: enough to see what a remote is made of, never what its secrets are.</summary>
internal sealed class RcloneConfigFile
{
    private const int DeepestWrap = 5;

    private readonly Dictionary<string, Dictionary<string, string>> sections = new(StringComparer.Ordinal);

    /// <param name="lines">An INI file. One that is encrypted has no sections.</param>
    public RcloneConfigFile(IEnumerable<string> lines)
    {
        Dictionary<string, string>? section = null;
        foreach (var line in lines.Select(line => line.Trim()))
        {
            if (line.StartsWith('[') && line.EndsWith(']'))
            {
                sections[line[1..^1]] = section = new(StringComparer.Ordinal);
            }
            else if (section is not null && !line.StartsWith('#') && !line.StartsWith(';')
                && line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                section[line[..equals].Trim()] = line[(equals + 1)..].Trim();
            }
        }
    }

    /// <summary>Whether the server behind a remote is spoken to by SFTP without that its key is checked; also through a remote that wraps it.</summary>
    public bool TrustsAnyHost(string remote)
    {
        for (var depth = 0; depth < DeepestWrap; depth++)
        {
            var colon = remote.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !sections.TryGetValue(remote[..colon], out var section))
            {
                return false;
            }

            if (section.GetValueOrDefault("type") == "sftp")
            {
                return section.GetValueOrDefault("known_hosts_file") is null or "";
            }

            remote = section.GetValueOrDefault("remote") ?? "";
        }

        return false;
    }
}
