using VertexAr.Backup.Core;

namespace VertexAr.Backup.Remote;

/// <summary>A little of rclone's configuration file: enough to see what a remote is made of, never what its secrets are.</summary>
internal sealed class RcloneConfigFile
{
    private const int DeepestWrap = 5;

    private const string OnTheFly = ":local";

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

    /// <summary>Reads one; as if it were empty where that cannot be done, which rclone will say itself.</summary>
    public static RcloneConfigFile Read(string path)
    {
        try
        {
            return new(RegularFile.ReadLines(path, follow: true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new([]);
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

    /// <summary>
    /// The directories of this machine that a remote is kept in, absolute; empty if it is kept elsewhere, or if that is not seen here. Below
    /// what encrypts names it is the top.
    /// </summary>
    public IReadOnlyList<string> DirectoriesOf(string remote) => [.. Directories(remote, 0).Distinct()];

    private IEnumerable<string> Directories(string remote, int depth)
    {
        if (remote.StartsWith('/'))
        {
            return [remote.Length > 1 ? remote.TrimEnd('/') : remote];
        }

        var colon = remote.IndexOf(':', 1 < remote.Length ? 1 : 0);
        if (colon < 0 || depth >= DeepestWrap)
        {
            return [];
        }

        var (name, path) = (remote[..colon].Split(',') is [var plain, .. var options] && !options.Any(ChangesPlace) ? plain : "", remote[(colon + 1)..]);
        var section = sections.GetValueOrDefault(name) ?? [];
        var below = section.GetValueOrDefault("remote") ?? "";
        return (name == OnTheFly ? "local" : section.GetValueOrDefault("type")) switch
        {
            "local" => path.StartsWith('/') ? Directories(path, depth) : [],
            "crypt" => Directories(below, depth + 1),
            "alias" or "chunker" or "compress" or "hasher" => Directories(Join(below, path), depth + 1),
            "union" => Words(section).SelectMany(upstream => Directories(Join(WithoutMode(upstream), path), depth + 1)),
            "combine" => Words(section).SelectMany(upstream => Combined(upstream, path, depth + 1)),
            _ => [],
        };
    }

    /// <summary>Of "name,option=value", whether it leads elsewhere than the configuration says; a quote may hide a colon.</summary>
    private static bool ChangesPlace(string option) => option.StartsWith("remote=", StringComparison.Ordinal) || option.StartsWith("upstreams=", StringComparison.Ordinal) || option.Contains('"', StringComparison.Ordinal) || option.Contains('\'', StringComparison.Ordinal);

    /// <summary>From "dir=remote:path", for the directory that a path is in; for all without one.</summary>
    private IEnumerable<string> Combined(string upstream, string path, int depth)
    {
        var (parts, first) = (upstream.Split('=', 2), path.Trim('/').Split('/')[0]);
        return parts.Length < 2 || (first.Length > 0 && first != parts[0]) ? []
            : Directories(Join(parts[1], first.Length == 0 ? "" : path.Trim('/')[first.Length..]), depth);
    }

    /// <summary>Separated by blanks; one that holds a blank is quoted, and left alone here.</summary>
    private static string[] Words(Dictionary<string, string> section) =>
        section.GetValueOrDefault("upstreams") is { } upstreams && !upstreams.Contains('"', StringComparison.Ordinal) ? upstreams.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];

    private static string WithoutMode(string upstream) =>
        upstream.EndsWith(":ro", StringComparison.Ordinal) || upstream.EndsWith(":nc", StringComparison.Ordinal) || upstream.EndsWith(":writeback", StringComparison.Ordinal) ? upstream[..upstream.LastIndexOf(':')] : upstream;

    private static string Join(string remote, string path) =>
        path.Trim('/').Length == 0 ? remote : remote.EndsWith(':') ? remote + path.TrimStart('/') : $"{remote.TrimEnd('/')}/{path.Trim('/')}";
}
