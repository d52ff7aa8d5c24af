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

    /// <param name="roles">What the place is for. What it lacks and never needs is not worth a sentence.</param>
    /// <param name="place">Its path.</param>
    /// <param name="lacking">What failed there, each with the system's reason; nothing else was found wrong.</param>
    public static IReadOnlyList<PlaceVerdict> Judge(ReadOnlySpan<PlaceRole> roles, string place, IReadOnlyDictionary<PlaceAbility, string> lacking)
    {
        var judgement = new PlaceJudgement(place, lacking);
        foreach (var role in roles)
        {
            judgement.Judge(role);
        }

        return [.. judgement.verdicts.Distinct()];
    }

    private void Judge(PlaceRole role)
    {
        switch (role)
        {
            case PlaceRole.Backups:
                JudgeBackups();
                break;
            case PlaceRole.Drills:
                JudgeDrills();
                break;
            case PlaceRole.SecondPlace:
                JudgeSecondPlace();
                break;
            case PlaceRole.Databases:
                JudgeTarget();
                Warn(PlaceAbility.LockRecord, "no range of a file can be locked in", "SQLite cannot keep programs apart that use a database");
                break;
            case PlaceRole.Trees:
                JudgeTarget();
                Warn(PlaceAbility.HardLink, "there are no hard links in", "files with several names are restored as several files");
                break;
            default:
                throw new NotSupportedException(role.ToString());
        }
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
        JudgeRenames();
        Warn(PlaceAbility.SyncDirectory, "no directory can be put on disk (fsync) in", "a power cut soon after a restore may undo it");
        Warn(PlaceAbility.SyncFileSystem, "a restore cannot be put on disk (syncfs) in", impossible);
        Warn(PlaceAbility.KeepSynced, "fsync means nothing in", "what is called restored may still be on its way");
        Warn(PlaceAbility.Remove, "nothing can be removed in", "what restores leave stays there");
    }

    /// <summary>Those that lack the one mostly lack the other.</summary>
    private void JudgeRenames()
    {
        const string steps = "a restore in place is several steps, not one instant: in between, neither the old nor the new is there";
        const string replaced = "what another program makes under a restored name just then may be replaced";
        if (lacking.ContainsKey(PlaceAbility.Exchange) && lacking.ContainsKey(PlaceAbility.RenameAlone))
        {
            Warn(PlaceAbility.Exchange, "a rename can neither exchange two names nor refuse to replace one in", $"{steps}, and {replaced}");
            return;
        }

        Warn(PlaceAbility.Exchange, "a rename cannot exchange two names in", steps);
        Warn(PlaceAbility.RenameAlone, "a rename cannot refuse to replace a name in", $"during a restore in place, {replaced}");
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
