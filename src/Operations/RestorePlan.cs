using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>What is to be restored, and where to.</summary>
internal sealed record RestorePlan
{
    /// <summary>Sources of one kind only; null for both.</summary>
    public SourceKind? Only { get; init; }

    /// <summary>Names and patterns, as they were asked for; empty for everything.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>What these paths mean in the list of what is restored.</summary>
    public PathSelection Selection { get; init; } = PathSelection.Everything;

    /// <summary>A directory, absolute, new or empty; null to restore in place.</summary>
    public string? To { get; init; }

    /// <summary>Nothing is to be done: it is only asked what would be.</summary>
    public bool OnlyLook { get; init; }

    /// <summary>Only for a look, in a directory of our own, which may be in the backup directory.</summary>
    public bool IsDrill { get; init; }

    /// <summary>Whether each piece is compared with its SHA-256.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Leave out what is damaged, or cannot be written, instead of giving up.</summary>
    public bool KeepGoing { get; init; }

    /// <summary>Restore what the place does not take under its name under another one.</summary>
    public bool RenameUnfit { get; init; }

    /// <summary>Restore databases too that were damaged when they were saved.</summary>
    public bool Damaged { get; init; }

    /// <summary>
    /// Why set-user-ID, capabilities and device nodes are dropped, as the end of a sentence: others could have put them into the snapshot. Null
    /// restores them. Asked for when the first such file comes, since a whole repository is looked at for it.
    /// </summary>
    public Lazy<string?> Distrust { get; init; } = new((string?)null);

    /// <summary>Where a restore in place puts what it restores.</summary>
    public RestorePlaces Places { get; init; } = new(Configured: null);

    /// <summary>What a restore in place leaves where it is.</summary>
    public RestoreNeighbours Neighbours { get; init; } = RestoreNeighbours.None;

    /// <summary>Threads that read and write.</summary>
    public required int Workers { get; init; }

    /// <summary>Ends the restore, or says that it would be ended.</summary>
    /// <exception cref="UserError">The refusal, unless it is only asked what would be.</exception>
    public void Refuse(UserError refusal, RunProgress progress)
    {
        if (!OnlyLook)
        {
            throw refusal;
        }

        progress.Say(Severity.Warning, $"{refusal.Message}: the restore is refused");
    }
}

/// <summary>One source on its way back.</summary>
/// <param name="Source">As the snapshot has it.</param>
/// <param name="Target">Where it belongs: the database file, or the top of the tree.</param>
internal sealed record RestoreTarget(SourceSummary Source, string Target)
{
    private readonly string place = "";
    private readonly (FileStatus? Above, FileStatus? Here) seen;

    /// <summary>The same place by a path without links: what is replaced is there, and links stay.</summary>
    public required string Place
    {
        get => place;
        init => (place, seen) = (value, Look(value));
    }

    /// <summary>Something is there now, and will be kept beside.</summary>
    public bool Exists { get; init; }

    /// <summary>
    /// What the place, and the directory above it, were when it was resolved is what they are still: what was shown is done there and
    /// nowhere else.
    /// </summary>
    /// <exception cref="UserError">Somebody put something else there since.</exception>
    public void RequireSame()
    {
        var (above, here) = Look(Place);
        if (!IsSame(above, seen.Above) || !IsSame(here, seen.Here))
        {
            throw UserError.Failed(
                $"{Place} is not what it was when this restore began: it, or a directory above it, was replaced",
                $"nothing was changed; find out who did that, and restore once more (who can write to the directories above {Place} can do it)");
        }
    }

    /// <summary>Follows no link.</summary>
    private static (FileStatus? Above, FileStatus? Here) Look(string place)
    {
        using var places = new NamedPlaces();
        return (places.StatusOrNull(Posix.Bytes(Path.GetDirectoryName(place)!)), places.StatusOrNull(Posix.Bytes(place)));
    }

    private static bool IsSame(in FileStatus? one, in FileStatus? other) =>
        (one?.Device, one?.Inode, one?.IsDirectory) == (other?.Device, other?.Inode, other?.IsDirectory);

    /// <summary>Which of the mounts in it, by their paths below the top, get something; null for all of them.</summary>
    public Func<IReadOnlyList<byte[]>, IReadOnlySet<string>>? ChosenMounts { get; init; }

    /// <summary>What was there and cannot be restored.</summary>
    public TreeGaps Gaps { get; init; } = TreeGaps.None;
}

/// <summary>What a restore did.</summary>
/// <param name="Files">Files written, hard links among them, as a snapshot counts them.</param>
/// <param name="Bytes">Bytes of content written.</param>
/// <param name="KeptAside">Where what was there before is now.</param>
/// <param name="Damaged">What could not be restored, with reasons; only when told to keep going.</param>
internal sealed record RestoreResult(long Files, long Bytes, IReadOnlyList<string> KeptAside, IReadOnlyList<PathWarning> Damaged)
{
    /// <summary>Symlinks made.</summary>
    public long Symlinks { get; init; }

    /// <summary>What could not be given back besides content.</summary>
    public RestoreLosses Losses { get; init; } = new();

    /// <summary>What could not take its place, since something else has to stay there, and where it is.</summary>
    public IReadOnlyList<PathWarning> NotInPlace { get; init; } = [];

    /// <summary>What was asked for and could not be saved, with reasons; what is there now of that was left as it is.</summary>
    public IReadOnlyList<PathWarning> NotSaved { get; init; } = [];

    /// <summary>Sources that were asked for and are missing in the snapshot, or damaged; they were named before anything was done.</summary>
    public IReadOnlyList<PathWarning> SourcesNotRestored { get; init; } = [];

    public RestoreOutcome Outcome =>
        Damaged.Count > 0 || (Losses.NotWritten.Count > 0 && Files + Symlinks == 0) ? RestoreOutcome.Failed
        : Losses.HasAny || NotSaved.Count > 0 || SourcesNotRestored.Count > 0 || NotInPlace.Count > 0 ? RestoreOutcome.Partial
        : RestoreOutcome.Whole;
}
