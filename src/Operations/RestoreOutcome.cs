using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>How much of what was asked for a restore brings back. A journal remembers it, for whoever finishes a restore that was killed.</summary>
internal enum RestoreOutcome
{
    /// <summary>All of it, as it was.</summary>
    Whole,

    /// <summary>Something is lacking that the snapshot has not, or that the place does not take.</summary>
    Partial,

    /// <summary>Something is damaged, or nothing at all could be written.</summary>
    Failed,
}

internal static class RestoreOutcomes
{
    public static ExitCode Code(this RestoreOutcome outcome) => outcome switch
    {
        RestoreOutcome.Whole => ExitCode.Done,
        RestoreOutcome.Partial => ExitCode.Partial,
        RestoreOutcome.Failed => ExitCode.Failed,
        _ => throw new NotSupportedException(outcome.ToString()),
    };
}
