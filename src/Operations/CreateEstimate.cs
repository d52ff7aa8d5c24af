using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a run will probably write, in bytes before compression.</summary>
/// <param name="Trees">Content of files that are new, or of another size than before.</param>
/// <param name="Databases">Pages of databases that changed.</param>
/// <param name="Copies">Copies of databases, which are gone when the run ends.</param>
/// <param name="SampledRatio">Of a byte of this content, what compression probably leaves.</param>
internal sealed record WriteNeed(long Trees, long Databases, long Copies, double SampledRatio);

/// <summary>
/// Whether a run will probably fit on the disk. Content that merely moved is found again while it is stored, which nobody can
/// know before; a run that was let begin still stops in time (<see cref="PieceStore.RequireSpace"/>).
/// </summary>
internal sealed record CreateEstimate
{
    /// <summary>Below this, what was stored says nothing of how well content compresses.</summary>
    private const long Telling = 1 << 20;

    public required WriteNeed Need { get; init; }

    /// <summary>Of a byte of content, what the repository keeps: as it was the last time, else as samples promise.</summary>
    public required double Ratio { get; init; }

    /// <summary>Bytes free for us on the repository's disk.</summary>
    public required long Free { get; init; }

    /// <summary>Bytes that must stay free.</summary>
    public required long MinFree { get; init; }

    /// <summary>What the disk holds more at the run's fullest moment.</summary>
    public long Wanted => (long)((Need.Trees + Need.Databases) * Ratio) + Need.Copies;

    /// <summary>Bytes that are lacking; 0 if it will do.</summary>
    public long Missing => Math.Max(0, Wanted + MinFree - Free);

    /// <summary>The sentence that says why the run would not fit.</summary>
    public string Explanation =>
        $"this run would probably write {Units.Size(Wanted)} ({Units.Size(Wanted - Need.Copies)} of new content, {Units.Size(Need.Copies)} for copies of databases while it runs), "
        + $"but {Units.Size(Free)} are free and {Units.Size(MinFree)} of that must stay free (min_free_mb): {Units.Size(Missing)} are lacking";

    public static CreateEstimate Of(CreatePlan plan, WriteNeed need, IReadOnlyList<Snapshot> snapshots) => new()
    {
        Need = need,
        Ratio = plan.CompressionLevel == 0 ? 1 : RatioOf(snapshots) ?? need.SampledRatio,
        Free = Posix.Space(plan.BackupDirectory).Available,
        MinFree = plan.MinFreeBytes,
    };

    /// <summary>
    /// The disk has space for so much more than the site holds that nobody need look. Where looking takes long, the whole
    /// site once more is so much; else only growth that no site has from one run to the next.
    /// </summary>
    public static bool IsAmple(CreatePlan plan, IReadOnlyList<Snapshot> snapshots)
    {
        const long manyFiles = 100_000;
        const int growth = 16;
        const int growthOfMany = 1;
        var newest = snapshots.Where(s => s.Header.Type == plan.Type || s.Header.Type == SnapshotType.Full).LastOrDefault()?.Header;
        return newest is not null && Posix.Space(plan.BackupDirectory).Available - plan.MinFreeBytes
            >= (Int128)newest.Bytes * (newest.FileCount > manyFiles ? growthOfMany : growth);
    }

    /// <summary>How many bytes of this database will probably be new, going by the last time.</summary>
    public static long Changed(IReadOnlyList<Snapshot> snapshots, SourceName database, long size)
    {
        const int unknownShare = 4;
        var earlier = snapshots.SelectMany(s => s.Header.Sources.Where(source => source.Name == database.Name && source.Kind == database.Kind)).ToList();
        return earlier.Count switch
        {
            0 => size,
            1 => size / unknownShare,
            _ => Math.Min(size, earlier[^1].NewBytes),
        };
    }

    private static double? RatioOf(IReadOnlyList<Snapshot> snapshots)
    {
        var telling = snapshots.Where(s => s.Header.NewBytes >= Telling).LastOrDefault();
        return telling is null ? null : Math.Min(1, (double)telling.Header.StoredBytes / telling.Header.NewBytes);
    }
}
