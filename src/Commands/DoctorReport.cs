namespace VertexAr.Backup.Commands;

/// <summary>What a check came to.</summary>
internal enum CheckState
{
    Ok,

    /// <summary>The next run works, but somebody should know.</summary>
    Warning,

    /// <summary>The next run fails, or does not save all, or there is none.</summary>
    Failed,

    /// <summary>It could not be looked at here.</summary>
    Skipped,
}

internal static class CheckStates
{
    public static string Word(this CheckState state) => state switch
    {
        CheckState.Ok => "ok",
        CheckState.Warning => "warning",
        CheckState.Failed => "failed",
        _ => "skipped",
    };
}

/// <summary>One check. <paramref name="Mend"/> is the command (or the advice) that mends it.</summary>
internal sealed record Check(string Name, CheckState State, string Text, string? Mend = null);

/// <summary>The checks of a <c>doctor</c>, in the order in which they were made.</summary>
internal sealed class DoctorReport
{
    private readonly List<Check> checks = [];

    public IReadOnlyList<Check> Checks => checks;

    public bool HasFailed => checks.Exists(check => check.State == CheckState.Failed);

    public void Ok(string name, string text) => checks.Add(new Check(name, CheckState.Ok, text));

    public void Warn(string name, string text, string? mend = null) => checks.Add(new Check(name, CheckState.Warning, text, mend));

    public void Fail(string name, string text, string? mend = null) => checks.Add(new Check(name, CheckState.Failed, text, mend));

    public void Skip(string name, string text) => checks.Add(new Check(name, CheckState.Skipped, text));
}
