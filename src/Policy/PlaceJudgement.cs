namespace VertexAr.Backup.Policy;

/// <summary>What it means for a site that a place lacks something.</summary>
/// <param name="IsFailure">What the place is for cannot be done there; otherwise it can, and a promise is weaker.</param>
/// <param name="Text">The sentence.</param>
/// <param name="Mend">What to do about it, if there is anything.</param>
internal sealed record PlaceVerdict(bool IsFailure, string Text, string? Mend = null);

/// <summary>Judges what was tried in a place: which promise is weaker there.</summary>
internal sealed class PlaceJudgement
{
    private readonly List<PlaceVerdict> verdicts = [];
    private readonly string place;
    private readonly IReadOnlyDictionary<PlaceAbility, string> lacking;

    private PlaceJudgement(string place, IReadOnlyDictionary<PlaceAbility, string> lacking) => (this.place, this.lacking) = (place, lacking);

    /// <param name="role">What the place is for. What it lacks and never needs is not worth a sentence.</param>
    /// <param name="place">Its path.</param>
    /// <param name="lacking">What failed there, each with the system's reason; nothing else was found wrong.</param>
    public static IReadOnlyList<PlaceVerdict> Judge(PlaceRole role, string place, IReadOnlyDictionary<PlaceAbility, string> lacking)
    {
        var judgement = new PlaceJudgement(place, lacking);
        switch (role)
        {
            case PlaceRole.Backups:
                judgement.JudgeBackups();
                break;
            case PlaceRole.Drills:
                judgement.JudgeDrills();
                break;
            case PlaceRole.SecondPlace:
                judgement.JudgeSecondPlace();
                break;
            case PlaceRole.Databases:
                judgement.JudgeTarget();
                judgement.Warn(PlaceAbility.LockRecord, "no range of a file can be locked in", "SQLite cannot keep programs apart that use the database");
                break;
            case PlaceRole.Trees:
                judgement.JudgeTarget();
                judgement.Warn(PlaceAbility.HardLink, "there are no hard links in", "files with several names are restored as several files");
                break;
            default:
                throw new NotSupportedException(role.ToString());
        }

        return judgement.verdicts;
    }

    private void JudgeBackups()
    {
        Fail(PlaceAbility.Make, "nothing can be made in", "every run fails");
        Fail(PlaceAbility.Lock, "no lock can be taken in", "every run fails");
        Warn(PlaceAbility.LockAlone, "two programs get the same lock in", "of two runs at once, the later takes the earlier for dead, which then fails");
        Fail(PlaceAbility.Rename, "no file can be renamed in", "no snapshot can be published");
        Fail(PlaceAbility.SyncFile, "no file can be put on disk (fsync) in", "no snapshot can be published");
        Warn(PlaceAbility.SyncDirectory, "no directory can be put on disk (fsync) in", "a power cut may lose the newest snapshot's name");
        Warn(
            PlaceAbility.KeepSynced, "fsync means nothing in", "what a run calls saved may still be on its way, and is lost if this machine stops then",
            "keep backup_dir on a disk, and name the remote as offsite.remote");
        Fail(PlaceAbility.Remove, "nothing can be removed in", "rotation frees nothing");
    }

    private void JudgeDrills()
    {
        Fail(PlaceAbility.Make, "nothing can be made in", "every drill fails");
        Fail(PlaceAbility.Lock, "no lock can be taken in", "every drill fails");
        Fail(PlaceAbility.Remove, "nothing can be removed in", "what a drill restores stays there");
    }

    private void JudgeSecondPlace()
    {
        Fail(PlaceAbility.Make, "nothing can be made in", "no snapshot is copied there");
        Fail(PlaceAbility.Rename, "no file can be renamed in", "no copy can be completed there");
        Warn(
            PlaceAbility.KeepSynced, "fsync means nothing in", "what is called copied may still be on its way, and is lost if this machine stops then",
            "name the remote itself as offsite.remote");
        Fail(PlaceAbility.Remove, "nothing can be removed in", "rotation frees nothing there");
    }

    private void JudgeTarget()
    {
        const string impossible = "nothing can be restored in place there";
        Warn(PlaceAbility.Make, "nothing can be made in", impossible);
        Warn(PlaceAbility.Lock, "no lock can be taken in", impossible);
        Warn(PlaceAbility.LockAlone, "two programs get the same lock in", "two restores at once are not kept apart");
        Warn(PlaceAbility.Rename, "no file can be renamed in", impossible);
        Warn(PlaceAbility.SyncFile, "no file can be put on disk (fsync) in", impossible);
        Warn(PlaceAbility.Exchange, "two names cannot change places in", "a restore in place is not one instant: in between, neither the old nor the new is there");
        Warn(PlaceAbility.RenameAlone, "a rename cannot refuse to replace in", "a restore in place may replace what another program makes under the same name just then");
        Warn(PlaceAbility.SyncDirectory, "no directory can be put on disk (fsync) in", "a power cut soon after a restore may undo it");
        Warn(PlaceAbility.SyncFileSystem, "a restore cannot be put on disk (syncfs) in", impossible);
        Warn(PlaceAbility.KeepSynced, "fsync means nothing in", "what is called restored may still be on its way");
        Warn(PlaceAbility.Remove, "nothing can be removed in", "what restores leave stays there");
    }

    private void Fail(PlaceAbility ability, string what, string consequence) => Add(isFailure: true, ability, what, consequence, null);

    private void Warn(PlaceAbility ability, string what, string consequence, string? mend = null) => Add(isFailure: false, ability, what, consequence, mend);

    private void Add(bool isFailure, PlaceAbility ability, string what, string consequence, string? mend)
    {
        if (lacking.TryGetValue(ability, out var reason))
        {
            verdicts.Add(new PlaceVerdict(isFailure, $"{what} {place} ({reason}): {consequence}", mend));
        }
    }
}
