namespace VertexAr.Backup.Model;

/// <summary>
/// IDs that are dated in the future: of snapshots that were made while a clock was ahead, or that somebody put there. They are never
/// what 'latest' means and push nothing out of retention, or one of them would stand before all others for years.
/// </summary>
internal static class FutureId
{
    /// <summary>Clocks of machines that share a repository differ by less.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    /// <summary>More than a day ahead of <paramref name="now"/>.</summary>
    public static bool Is(SnapshotId id, DateTimeOffset now) =>
        DateTimeOffset.MaxValue - now > Tolerance && id > SnapshotId.At(now + Tolerance);

    /// <summary>Parts those that are dated in the future from the others. If all are, it is the clock that is wrong, and none is set aside.</summary>
    public static (List<T> Dated, List<T> Ahead) Split<T>(IReadOnlyCollection<T> items, Func<T, SnapshotId> id, DateTimeOffset now)
    {
        var dated = items.Where(item => !Is(id(item), now)).ToList();
        return dated.Count == 0 ? ([.. items], []) : (dated, [.. items.Where(item => Is(id(item), now))]);
    }

    public static (List<Snapshot> Dated, List<Snapshot> Ahead) Split(IReadOnlyCollection<Snapshot> snapshots, DateTimeOffset now) =>
        Split(snapshots, static snapshot => snapshot.Id, now);

    /// <summary>The beginning of a sentence that names it.</summary>
    public static string Named(SnapshotId id, DateTimeOffset now) =>
        $"snapshot {id} is dated in the future (the clock of this machine says {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC)";

    /// <summary>What to type to be rid of it. The packs that only it needs are freed by the next rotation.</summary>
    /// <param name="id">Which.</param>
    /// <param name="directory">Where the headers lie.</param>
    public static string Removal(SnapshotId id, string directory) => $"rm -f {directory}/{id}.*";
}
