namespace VertexAr.Backup.Operations;

/// <summary>What a name holds, as a step knows it.</summary>
internal enum Seen
{
    Nothing,

    /// <summary>What was there when the restore was planned.</summary>
    Old,

    /// <summary>What was restored.</summary>
    New,

    /// <summary>Neither: somebody else put it there.</summary>
    Other,
}

/// <summary>Why steps are done, or taken back.</summary>
internal enum RestoreAim
{
    /// <summary>For the first time: whatever is not as planned ends the restore.</summary>
    Run,

    /// <summary>After a kill: the application may have been at work since.</summary>
    Continue,

    /// <summary>Everything goes back to how it was.</summary>
    Undo,
}

/// <summary>One rename that brings a step nearer to its aim; when it is done, what is there is looked at once more.</summary>
internal enum StepMove
{
    /// <summary>The step is where it should be.</summary>
    Nothing,

    /// <summary>The two names of the step change places.</summary>
    Exchange,

    /// <summary>What is at the staging name goes to its place.</summary>
    FreshToPath,

    /// <summary>What is in place goes to the staging name.</summary>
    PathToFresh,

    /// <summary>What is in place goes to the name it is kept under.</summary>
    PathToKept,

    /// <summary>What is kept goes back to its place.</summary>
    KeptToPath,

    /// <summary>What is in place gets a further name, next to what is kept.</summary>
    PathToSpare,

    /// <summary>It cannot be known what to do.</summary>
    Refuse,
}

/// <summary>What somebody should know of a step that did not find what was planned.</summary>
internal enum StepRemark
{
    None,

    /// <summary>It was replaced since, and the newer one is kept with what was there before.</summary>
    NewerKept,

    /// <summary>It was deleted since, and the restored one is put in place.</summary>
    DeletedBrought,

    /// <summary>What was restored has been replaced or deleted since, and that stays.</summary>
    ChangedAfterwards,

    /// <summary>It was replaced or deleted since, before it was restored, and that stays.</summary>
    ChangedBefore,

    /// <summary>What was restored has been replaced since; the newer one is moved away and kept.</summary>
    NewerMovedAway,

    /// <summary>What was restored has been deleted since; what was there before is put back.</summary>
    DeletedPutBack,

    /// <summary>What was there before is gone, so what was restored stays.</summary>
    OldIsGone,
}

/// <summary>A decision on one step.</summary>
internal readonly record struct StepChoice(StepMove Move, StepRemark Remark = StepRemark.None)
{
    public static implicit operator StepChoice(StepMove move) => new StepChoice(move);

    public static implicit operator StepChoice(StepRemark remark) => new StepChoice(StepMove.Nothing, remark);
}

/// <summary>
/// What to do with a step, decided by what its names hold. A step whose restored thing still lies at the staging name was not
/// reached, or is taken back. Nothing that is there is ever overwritten or removed: each move is a rename to a name that nothing
/// has, or an exchange. So both <c>--continue</c> and <c>--undo</c> always end, whatever the application did since the kill,
/// and may themselves be killed after any move.
/// </summary>
internal static class RestoreDecision
{
    public static StepChoice Exchange(RestoreAim aim, Seen path, Seen fresh) => aim switch
    {
        RestoreAim.Run => (path, fresh) switch
        {
            (Seen.New, _) => StepMove.Nothing,
            (Seen.Old, Seen.New) => StepMove.Exchange,
            _ => StepMove.Refuse,
        },
        RestoreAim.Continue => (path, fresh) switch
        {
            (Seen.New, _) => StepMove.Nothing,
            (Seen.Old, Seen.New) => StepMove.Exchange,
            (Seen.Other, Seen.New) => new StepChoice(StepMove.Exchange, StepRemark.NewerKept),
            (Seen.Nothing, Seen.New) => new StepChoice(StepMove.FreshToPath, StepRemark.DeletedBrought),

            // What was restored is nowhere.
            (Seen.Old, _) => StepMove.Refuse,
            _ => StepRemark.ChangedAfterwards,
        },
        RestoreAim.Undo => (path, fresh) switch
        {
            (Seen.Old, _) => StepMove.Nothing,
            (_, Seen.New) => StepRemark.ChangedBefore,
            (Seen.New, Seen.Old or Seen.Other) => StepMove.Exchange,
            (Seen.Other, Seen.Old) => new StepChoice(StepMove.Exchange, StepRemark.NewerMovedAway),
            (Seen.Nothing, Seen.Old or Seen.Other) => new StepChoice(StepMove.FreshToPath, StepRemark.DeletedPutBack),
            (Seen.New, Seen.Nothing) => StepRemark.OldIsGone,

            // Both came later; both are kept where they are.
            _ => StepRemark.ChangedAfterwards,
        },
        _ => throw new NotSupportedException(aim.ToString()),
    };

    public static StepChoice Bring(RestoreAim aim, Seen path, Seen fresh, Seen kept) => aim switch
    {
        RestoreAim.Run => (path, fresh) switch
        {
            (Seen.New, _) => StepMove.Nothing,
            (Seen.Nothing, Seen.New) => StepMove.FreshToPath,
            _ => StepMove.Refuse,
        },
        RestoreAim.Continue => (path, fresh) switch
        {
            (Seen.New, _) => StepMove.Nothing,
            (Seen.Nothing, Seen.New) => StepMove.FreshToPath,
            (_, Seen.New) => new StepChoice(kept == Seen.Nothing ? StepMove.PathToKept : StepMove.PathToSpare, StepRemark.NewerKept),
            _ => StepRemark.ChangedAfterwards,
        },
        RestoreAim.Undo => (path, fresh, kept) switch
        {
            (Seen.New, Seen.Nothing, _) => StepMove.PathToFresh,
            (Seen.Nothing, not Seen.Nothing, not Seen.Nothing) => StepMove.KeptToPath,
            (Seen.Nothing, _, _) => StepMove.Nothing,
            (_, Seen.Nothing, _) => new StepChoice(StepMove.PathToFresh, StepRemark.NewerMovedAway),

            // It was not reached, or is taken back already: what is there came by itself.
            _ => StepMove.Nothing,
        },
        _ => throw new NotSupportedException(aim.ToString()),
    };

    /// <param name="aim">What for.</param>
    /// <param name="path">The name that it had: what is to be kept there is <see cref="Seen.Old"/>.</param>
    /// <param name="kept">The name that it is kept under.</param>
    /// <param name="isStaging">The first is a staging name, from which what was there before is kept.</param>
    public static StepChoice Keep(RestoreAim aim, Seen path, Seen kept, bool isStaging) => aim switch
    {
        RestoreAim.Run => (path, kept) switch
        {
            (_, Seen.Old) => StepMove.Nothing,
            (Seen.Old, Seen.Nothing) => StepMove.PathToKept,
            _ => StepMove.Refuse,
        },
        RestoreAim.Continue => (path, kept) switch
        {
            (Seen.Nothing, _) => StepMove.Nothing,
            (Seen.Old, Seen.Nothing) => StepMove.PathToKept,
            (_, Seen.Nothing) => new StepChoice(StepMove.PathToKept, isStaging ? StepRemark.None : StepRemark.NewerKept),

            // It is kept already; what has the name now came later, by itself.
            _ => isStaging ? StepMove.PathToSpare : StepMove.Nothing,
        },
        RestoreAim.Undo => (path, kept) switch
        {
            (Seen.Old, _) => StepMove.Nothing,
            (Seen.Nothing, Seen.Nothing) => StepMove.Nothing,
            (Seen.Nothing, _) => StepMove.KeptToPath,
            (_, Seen.Nothing) => StepMove.Nothing,
            _ => isStaging ? StepMove.Nothing : new StepChoice(StepMove.PathToSpare, StepRemark.NewerMovedAway),
        },
        _ => throw new NotSupportedException(aim.ToString()),
    };
}
