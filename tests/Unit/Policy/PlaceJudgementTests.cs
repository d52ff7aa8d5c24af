using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class PlaceJudgementTests
{
    private static readonly PlaceAbility[] Every = Enum.GetValues<PlaceAbility>();

    public static TheoryData<int> Roles() => [.. Enum.GetValues<PlaceRole>().Select(role => (int)role)];

    [Theory]
    [MemberData(nameof(Roles))]
    public void Of_a_place_that_lacks_nothing_nothing_is_said(int role) => Assert.Empty(Judge((PlaceRole)role));

    [Theory]
    [MemberData(nameof(Roles))]
    public void Where_everything_fails_each_sentence_is_said_once_with_place_and_reason(int role)
    {
        var verdicts = Judge((PlaceRole)role, Every);
        Assert.NotEmpty(verdicts);
        Assert.Distinct(verdicts.Select(verdict => verdict.Text));
        Assert.All(verdicts, verdict => Assert.Contains(" in /there (Invalid argument): ", verdict.Text, StringComparison.Ordinal));
    }

    /// <summary>That is what no run needs.</summary>
    [Theory]
    [InlineData((int)PlaceAbility.Exchange)]
    [InlineData((int)PlaceAbility.RenameAlone)]
    [InlineData((int)PlaceAbility.HardLink)]
    [InlineData((int)PlaceAbility.SyncFileSystem)]
    [InlineData((int)PlaceAbility.LockRecord)]
    public void Backups_are_as_good_without(int ability) => Assert.Empty(Judge(PlaceRole.Backups, (PlaceAbility)ability));

    [Theory]
    [InlineData((int)PlaceAbility.Make, "every run fails")]
    [InlineData((int)PlaceAbility.Lock, "every run fails")]
    [InlineData((int)PlaceAbility.Rename, "no snapshot can be published")]
    [InlineData((int)PlaceAbility.SyncFile, "no snapshot can be published")]
    [InlineData((int)PlaceAbility.Remove, "rotation frees nothing")]
    public void Backups_cannot_be_made_without(int ability, string consequence)
    {
        var verdict = Assert.Single(Judge(PlaceRole.Backups, (PlaceAbility)ability));
        Assert.True(verdict.IsFailure);
        Assert.EndsWith(consequence, verdict.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((int)PlaceAbility.SyncDirectory, "a power cut may lose the newest snapshot's name")]
    [InlineData((int)PlaceAbility.LockAlone, "of two runs at once, the later takes the earlier for dead, which then fails")]
    [InlineData((int)PlaceAbility.KeepSynced, "what a run calls saved may still be on its way, and is lost if this machine stops then")]
    public void Backups_are_less_safe_without(int ability, string consequence)
    {
        var verdict = Assert.Single(Judge(PlaceRole.Backups, (PlaceAbility)ability));
        Assert.False(verdict.IsFailure);
        Assert.EndsWith(consequence, verdict.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_can_neither_exchange_nor_refuse_is_told_so_in_one_sentence()
    {
        var verdict = Assert.Single(Judge(PlaceRole.Trees, PlaceAbility.Exchange, PlaceAbility.RenameAlone));
        Assert.Contains("neither exchange two names nor refuse to replace one in /there", verdict.Text, StringComparison.Ordinal);
        Assert.Contains("not one instant", verdict.Text, StringComparison.Ordinal);
        Assert.Contains("may be replaced", verdict.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("replaced", Assert.Single(Judge(PlaceRole.Trees, PlaceAbility.Exchange)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("one instant", Assert.Single(Judge(PlaceRole.Trees, PlaceAbility.RenameAlone)).Text, StringComparison.Ordinal);
    }

    /// <summary>Backups can be made all the same.</summary>
    [Fact]
    public void Where_nothing_can_be_restored_in_place_no_run_fails() =>
        Assert.DoesNotContain(Judge(PlaceRole.Trees, Every).Concat(Judge(PlaceRole.Databases, Every)), verdict => verdict.IsFailure);

    [Fact]
    public void A_directory_with_a_tree_and_a_database_has_both_sentences_and_none_twice()
    {
        var verdicts = PlaceJudgement.Judge([PlaceRole.Databases, PlaceRole.Trees], "/there", Lacking(Every));
        Assert.Distinct(verdicts);
        Assert.Single(verdicts, verdict => verdict.Text.StartsWith("there are no hard links", StringComparison.Ordinal));
        Assert.Single(verdicts, verdict => verdict.Text.StartsWith("no range of a file can be locked", StringComparison.Ordinal));
    }

    [Fact]
    public void A_write_back_mount_is_told_with_what_to_do_instead()
    {
        Assert.Contains("offsite.remote", Assert.Single(Judge(PlaceRole.Backups, PlaceAbility.KeepSynced)).Mend, StringComparison.Ordinal);
        Assert.Contains("offsite.remote", Assert.Single(Judge(PlaceRole.SecondPlace, PlaceAbility.KeepSynced)).Mend, StringComparison.Ordinal);
    }

    private static IReadOnlyList<PlaceVerdict> Judge(PlaceRole role, params PlaceAbility[] lacking) => PlaceJudgement.Judge([role], "/there", Lacking(lacking));

    private static Dictionary<PlaceAbility, string> Lacking(PlaceAbility[] lacking) => lacking.ToDictionary(ability => ability, _ => "Invalid argument");
}
