namespace VertexAr.Backup.Operations;

/// <summary>How far a restore in place came.</summary>
internal enum RestoreStage
{
    /// <summary>It was still making what it would put in place: nothing was changed.</summary>
    Staging,

    /// <summary>Its steps are planned; some may be done.</summary>
    Begun,

    /// <summary>It is being taken back.</summary>
    TakingBack,

    /// <summary>All is done, or all is taken back; only its scratch directories may be left.</summary>
    Ended,
}

/// <summary>What a restore in place is, before its first step.</summary>
/// <param name="Stamp">When it began, as its names have it.</param>
/// <param name="What">What it restores, as "snapshot 20261123T020000Z".</param>
/// <param name="Targets">What it replaces, without links.</param>
/// <param name="Scratch">Directories of its own, to be removed at the end.</param>
/// <param name="Pointers">Files beside the other targets that name the journal.</param>
internal sealed record RestoreHead(string Stamp, string What, IReadOnlyList<string> Targets, IReadOnlyList<string> Scratch, IReadOnlyList<string> Pointers)
{
    /// <summary>Those targets that are databases.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>Directories above what is made or replaced, with the times that they had.</summary>
    public IReadOnlyList<DirectoryTime> Above { get; init; } = [];
}
