namespace VertexAr.Backup.Core;

/// <summary>
/// Something stored does not read as it was written. The message is a clause about the thing ("is cut short"); who knows
/// the file's name puts it in front.
/// </summary>
internal sealed class DamageError(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>It reads as it was written, but not by whom.</summary>
    public bool IsUntrusted { get; init; }
}
