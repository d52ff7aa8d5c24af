namespace VertexAr.Backup.Model;

/// <summary>How much of one source is in a snapshot.</summary>
internal enum SourceState
{
    Complete,

    /// <summary>Something of it could not be read, or changed while it was.</summary>
    Partial,

    /// <summary>A database that fails its checks: what is stored is a true copy of something broken.</summary>
    Damaged,

    /// <summary>Nothing of it: it was not there, or could not be read.</summary>
    Missing,
}

internal static class SourceStates
{
    /// <summary>The word used in headers and in output.</summary>
    public static string Word(this SourceState state) => state switch
    {
        SourceState.Complete => "complete",
        SourceState.Partial => "partial",
        SourceState.Damaged => "damaged",
        SourceState.Missing => "missing",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    public static SourceState? FromWord(string word) => word switch
    {
        "complete" => SourceState.Complete,
        "partial" => SourceState.Partial,
        "damaged" => SourceState.Damaged,
        "missing" => SourceState.Missing,
        _ => null,
    };
}
