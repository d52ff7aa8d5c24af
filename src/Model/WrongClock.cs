namespace VertexAr.Backup.Model;

/// <summary>
/// A clock that is certainly wrong: a machine without a battery begins in 1970, or in the year in which its system was made, until it
/// hears the time. What it says is no reason to take the snapshots that are there for ones of the future.
/// </summary>
internal static class WrongClock
{
    /// <summary>How to set it.</summary>
    public const string Mend = "sudo timedatectl set-ntp true";

    private const int BuiltIn = 2026;

    /// <summary>No right clock is before this program was made.</summary>
    public static bool IsBeforeThisProgram(DateTimeOffset now) => now.UtcDateTime.Year < BuiltIn;

    /// <summary>The newest snapshot by which a clock is certainly wrong; null if it may be right.</summary>
    /// <param name="snapshots">Those that are there.</param>
    /// <param name="now">What the clock says.</param>
    public static SnapshotId? Proof(IEnumerable<SnapshotId> snapshots, DateTimeOffset now)
    {
        List<SnapshotId> ahead = IsBeforeThisProgram(now) ? [.. snapshots.Where(id => FutureId.Is(id, now))] : [];
        return ahead.Count > 0 ? ahead.Max() : null;
    }

    /// <summary>A sentence without its end.</summary>
    public static string Sentence(SnapshotId proof, DateTimeOffset now) =>
        $"the clock of this machine is wrong: it says {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC, and snapshot {proof} was made later";
}
