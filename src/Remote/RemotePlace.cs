namespace VertexAr.Backup.Remote;

/// <summary>A place that rclone speaks to, and how to speak to it.</summary>
internal sealed record RemotePlace
{
    /// <summary>As rclone names it; holds no secret, since whoever lists processes sees it.</summary>
    public required string Remote { get; init; }

    /// <summary>rclone's configuration file; null where there is none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The program: looked for in PATH if it has no slash.</summary>
    public string Program { get; init; } = "rclone";

    /// <summary>In MiB; null for as fast as it can.</summary>
    public int? LimitMbPerS { get; init; }

    /// <summary>Files at once.</summary>
    public int Transfers { get; init; } = 4;

    /// <summary>After so long without any progress it is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Tries of a whole command, and of each request in it.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>All that rclone is told of this process's environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>A place in there, below the top.</summary>
    public string At(string below) => below.Length == 0 ? Remote : Remote[^1] is ':' or '/' ? Remote + below : $"{Remote}/{below}";
}
