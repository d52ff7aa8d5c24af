using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Config;

/// <summary>The second place, which rclone speaks to.</summary>
internal sealed record OffsiteSetting
{
    private const string LocalPrefix = ":local:";

    public const string DefaultConfig = "/etc/vertex-ar-backup/rclone.conf";
    public const string DefaultProgram = "rclone";

    /// <summary>As rclone names it: <c>s3:bucket/vertex-ar</c>, or an absolute path.</summary>
    public required string Remote { get; init; }

    /// <summary>The second place, if it is a directory of this machine; null for anything else.</summary>
    public string? Directory => Remote.StartsWith('/') ? Remote : Remote.StartsWith(LocalPrefix, StringComparison.Ordinal) && Remote[LocalPrefix.Length..] is ['/', ..] path ? path : null;

    /// <summary>The directories of this machine that it is kept in, behind whatever rclone wraps them with; empty if it is elsewhere, or if that cannot be found out.</summary>
    public IReadOnlyList<string> FindDirectories() => Directory is { } directory ? [directory] : RcloneConfigFile.Read(RcloneConfig).DirectoriesOf(Remote);

    /// <summary>rclone's configuration, absolute.</summary>
    public string RcloneConfig { get; init; } = DefaultConfig;

    /// <summary>Whether each run of <c>create</c> is followed by a copy.</summary>
    public bool PushAfterCreate { get; init; } = true;

    /// <summary>The newest so many of each type stay there; null for no such rule.</summary>
    public int? MaxBackups { get; init; }

    public KeepSetting Keep { get; init; } = new(0, 0, 0, 0);

    /// <summary>In MiB; null for as fast as it can.</summary>
    public int? LimitMbPerS { get; init; }

    /// <summary>Files at once.</summary>
    public int Transfers { get; init; } = OffsiteDraft.Transfers.Default;

    /// <summary>After so long without any progress it is given up.</summary>
    public int TimeoutSeconds { get; init; } = OffsiteDraft.Timeout.Default;

    /// <summary>The program: looked for in PATH if it has no slash.</summary>
    public string Rclone { get; init; } = DefaultProgram;

    /// <summary>Without any rule nothing is ever deleted there: its credentials may not be allowed to.</summary>
    public bool Deletes => MaxBackups is not null || Keep is not { Daily: 0, Weekly: 0, Monthly: 0, Yearly: 0 };
}
