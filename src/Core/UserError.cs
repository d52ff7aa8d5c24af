namespace VertexAr.Backup.Core;

/// <summary>
/// The one exception that is meant for the user: a sentence that names the thing and what is wrong with it, what to do
/// next, and the exit code. Anything else that reaches <c>Program</c> is a bug.
/// </summary>
internal sealed class UserError : Exception
{
    public UserError(ExitCode code, string message, string? hint = null, Exception? cause = null)
        : base(message, cause)
    {
        Code = code;
        Hint = hint;
    }

    public ExitCode Code { get; }

    /// <summary>What to do next, usually a command; null where the message says it all.</summary>
    public string? Hint { get; }

    /// <summary>What was stored so far is of use to the next run, which would not fail in this way.</summary>
    public bool KeepsWork { get; init; }

    /// <summary>What was asked for was mistyped, so that nothing was tried: it says nothing about the backups.</summary>
    public bool IsMistyped { get; init; }

    /// <summary>The backup directory is on another disk than it was: nothing is to be made in it, not even a note that the run failed.</summary>
    public bool IsMisplaced { get; init; }

    /// <summary>The run failed (exit code 1).</summary>
    public static UserError Failed(string message, string? hint = null, Exception? cause = null) =>
        new(ExitCode.Failed, message, hint, cause);

    /// <summary>What the system refused, or the machine has not got, and nobody nearer to it put into better words; null for a bug.</summary>
    public static UserError? FromSystem(Exception error) => error switch
    {
        IOException or UnauthorizedAccessException => Failed($"the system refused: {error.Message}", "the kernel's log ('journalctl -k') may tell why", error),
        OutOfMemoryException => Failed("the system gave too little memory", "see 'ulimit -v', or MemoryMax of the unit", error),
        _ => null,
    };

    /// <summary>The command line or configuration is wrong (exit code 2).</summary>
    public static UserError Usage(string message, string? hint = null) => new(ExitCode.Usage, message, hint);
}
