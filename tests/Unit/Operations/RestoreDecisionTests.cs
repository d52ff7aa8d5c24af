using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>
/// The whole table of what a step finds and what it does, as it is meant; and that whatever is there, following it ends, loses
/// nothing, and leads to where each aim should.
/// </summary>
public sealed class RestoreDecisionTests
{
    private static readonly Seen[] All = [Seen.Nothing, Seen.Old, Seen.New, Seen.Other];

    // In place, at the staging name: O old, N new, X another, - nothing.
    [Theory]
    [InlineData("ON", "Exchange", "Exchange", "Nothing")]
    [InlineData("NO", "Nothing", "Nothing", "Exchange")]
    [InlineData("N-", "Nothing", "Nothing", "Nothing OldIsGone")]
    [InlineData("NX", "Nothing", "Nothing", "Exchange")]
    [InlineData("XN", "Refuse", "Exchange NewerKept", "Nothing ChangedBefore")]
    [InlineData("-N", "Refuse", "FreshToPath DeletedBrought", "Nothing ChangedBefore")]
    [InlineData("XO", "Refuse", "Nothing ChangedAfterwards", "Exchange NewerMovedAway")]
    [InlineData("-O", "Refuse", "Nothing ChangedAfterwards", "FreshToPath DeletedPutBack")]
    [InlineData("X-", "Refuse", "Nothing ChangedAfterwards", "Nothing ChangedAfterwards")]
    [InlineData("--", "Refuse", "Nothing ChangedAfterwards", "Nothing ChangedAfterwards")]
    [InlineData("XX", "Refuse", "Nothing ChangedAfterwards", "Nothing ChangedAfterwards")]
    [InlineData("-X", "Refuse", "Nothing ChangedAfterwards", "FreshToPath DeletedPutBack")]
    [InlineData("O-", "Refuse", "Refuse", "Nothing")]
    [InlineData("OX", "Refuse", "Refuse", "Nothing")]
    public void Exchange(string seen, string run, string go, string undo) => Check(
        aim => RestoreDecision.Exchange(aim, See(seen[0]), See(seen[1])), run, go, undo);

    // In place, at the staging name, at the name that is for what came there meanwhile.
    [Theory]
    [InlineData("-N-", "FreshToPath", "FreshToPath", "Nothing")]
    [InlineData("N--", "Nothing", "Nothing", "PathToFresh")]
    [InlineData("XN-", "Refuse", "PathToKept NewerKept", "Nothing")]
    [InlineData("XNX", "Refuse", "PathToSpare NewerKept", "Nothing")]
    [InlineData("-NX", "FreshToPath", "FreshToPath", "KeptToPath")]
    [InlineData("N-X", "Nothing", "Nothing", "PathToFresh")]
    [InlineData("X--", "Refuse", "Nothing ChangedAfterwards", "PathToFresh NewerMovedAway")]
    [InlineData("---", "Refuse", "Nothing ChangedAfterwards", "Nothing")]
    [InlineData("-X-", "Refuse", "Nothing ChangedAfterwards", "Nothing")]
    [InlineData("XX-", "Refuse", "Nothing ChangedAfterwards", "Nothing")]
    public void Bring(string seen, string run, string go, string undo) => Check(
        aim => RestoreDecision.Bring(aim, See(seen[0]), See(seen[1]), See(seen[2])), run, go, undo);

    // The name that it had, the name that it is kept under; whether the first is a staging name.
    [Theory]
    [InlineData("O-", false, "PathToKept", "PathToKept", "Nothing")]
    [InlineData("-O", false, "Nothing", "Nothing", "KeptToPath")]
    [InlineData("X-", false, "Refuse", "PathToKept NewerKept", "Nothing")]
    [InlineData("X-", true, "Refuse", "PathToKept", "Nothing")]
    [InlineData("--", false, "Refuse", "Nothing", "Nothing")]
    [InlineData("XO", false, "Nothing", "Nothing", "PathToSpare NewerMovedAway")]
    [InlineData("XO", true, "Nothing", "PathToSpare", "Nothing")]
    [InlineData("XX", false, "Refuse", "Nothing", "PathToSpare NewerMovedAway")]
    [InlineData("-X", false, "Refuse", "Nothing", "KeptToPath")]
    [InlineData("OX", false, "Refuse", "Nothing", "Nothing")]
    public void Keep(string seen, bool isStaging, string run, string go, string undo) => Check(
        aim => RestoreDecision.Keep(aim, See(seen[0]), See(seen[1]), isStaging), run, go, undo);

    [Fact]
    public void Whatever_is_there_each_way_ends_and_nothing_is_lost()
    {
        foreach (var aim in Enum.GetValues<RestoreAim>())
        {
            foreach (var path in All)
            {
                foreach (var fresh in All.Where(seen => seen == Seen.Nothing || seen == Seen.Other || seen != path))
                {
                    Follow(new Names(path, fresh, Seen.Nothing), names => RestoreDecision.Exchange(aim, names.Path, names.Fresh));
                    foreach (var kept in new[] { Seen.Nothing, Seen.Other })
                    {
                        if (path != Seen.Old && fresh != Seen.Old)
                        {
                            Follow(new Names(path, fresh, kept), names => RestoreDecision.Bring(aim, names.Path, names.Fresh, names.Kept));
                        }
                    }
                }

                foreach (var kept in new[] { Seen.Nothing, Seen.Old, Seen.Other }.Where(seen => path != Seen.New && (seen != Seen.Old || seen != path)))
                {
                    foreach (var isStaging in new[] { false, true })
                    {
                        Follow(new Names(path, Seen.Nothing, kept), names => RestoreDecision.Keep(aim, names.Path, names.Kept, isStaging));
                    }
                }
            }
        }
    }

    private static void Follow(Names names, Func<Names, StepChoice> choose)
    {
        var before = names.Content;
        for (var turn = 0; ; turn++)
        {
            var choice = choose(names);
            if (choice.Move is StepMove.Nothing or StepMove.Refuse)
            {
                break;
            }

            Assert.True(turn < 4, $"{names} does not end");
            names = names.After(choice.Move);
        }

        Assert.Equal(before, names.Content);
    }

    private static void Check(Func<RestoreAim, StepChoice> decide, string run, string go, string undo)
    {
        Assert.Equal(run, Text(decide(RestoreAim.Run)));
        Assert.Equal(go, Text(decide(RestoreAim.Continue)));
        Assert.Equal(undo, Text(decide(RestoreAim.Undo)));
    }

    private static string Text(StepChoice choice) => choice.Remark == StepRemark.None ? $"{choice.Move}" : $"{choice.Move} {choice.Remark}";

    private static Seen See(char letter) => letter switch
    {
        '-' => Seen.Nothing,
        'O' => Seen.Old,
        'N' => Seen.New,
        'X' => Seen.Other,
        _ => throw new ArgumentOutOfRangeException(nameof(letter)),
    };

    /// <summary>What three names hold, and what was moved out of the way of them.</summary>
    private sealed record Names(Seen Path, Seen Fresh, Seen Kept)
    {
        private Seen Spare { get; init; }

        /// <summary>All that is there, wherever.</summary>
        public IEnumerable<Seen> Content => new[] { Path, Fresh, Kept, Spare }.Where(seen => seen != Seen.Nothing).Order();

        /// <summary>A move to a name that something has is never asked for.</summary>
        public Names After(StepMove move) => move switch
        {
            StepMove.Exchange when Path != Seen.Nothing && Fresh != Seen.Nothing => this with { Path = Fresh, Fresh = Path },
            StepMove.FreshToPath when Path == Seen.Nothing && Fresh != Seen.Nothing => this with { Path = Fresh, Fresh = Seen.Nothing },
            StepMove.PathToFresh when Fresh == Seen.Nothing && Path != Seen.Nothing => this with { Path = Seen.Nothing, Fresh = Path },
            StepMove.PathToKept when Kept == Seen.Nothing && Path != Seen.Nothing => this with { Path = Seen.Nothing, Kept = Path },
            StepMove.KeptToPath when Path == Seen.Nothing && Kept != Seen.Nothing => this with { Path = Kept, Kept = Seen.Nothing },
            StepMove.PathToSpare when Spare == Seen.Nothing && Path != Seen.Nothing => this with { Path = Seen.Nothing, Spare = Path },
            _ => throw new InvalidOperationException($"{move} of {this}"),
        };
    }
}
