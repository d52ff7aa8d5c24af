namespace VertexAr.Backup.Core;

/// <summary>What the process tells its caller. The list is part of the contract: help and man page repeat it.</summary>
internal enum ExitCode
{
    /// <summary>Everything asked for was done.</summary>
    Done = 0,

    /// <summary>Failed, unhealthy, or damage was found.</summary>
    Failed = 1,

    /// <summary>The command line or the configuration is wrong; nothing was done.</summary>
    Usage = 2,

    /// <summary>Done, but something could not be read: the snapshot is saved as partial.</summary>
    Partial = 3,

    /// <summary>There is no repository at the given place.</summary>
    NoRepository = 10,

    /// <summary>Another run holds the repository.</summary>
    Locked = 11,

    /// <summary>Interrupted by SIGINT.</summary>
    Interrupted = 130,

    /// <summary>Interrupted by SIGTERM.</summary>
    Terminated = 143,
}
