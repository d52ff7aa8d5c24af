using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class CopyPlanTests
{
    [Fact]
    public void What_is_missing_travels_what_is_wrong_is_replaced_and_the_rest_stays()
    {
        var there = new Dictionary<string, long> { ["right"] = 1, ["short"] = 1, ["rotten"] = 3, ["ambiguous"] = -1 };
        CopyItem[] wanted = [new("missing", 9), new("right", 1), new("short", 2), new("rotten", 3), new("ambiguous", 4)];

        var plan = CopyPlan.Decide(wanted, name => there.TryGetValue(name, out var size) ? size : null, new HashSet<string> { "rotten", "missing" });

        Assert.Equal(["missing"], plan.Missing.Select(item => item.Name));
        Assert.Equal(["short", "rotten", "ambiguous"], plan.Wrong.Select(item => item.Name));
        Assert.Equal(18, plan.Bytes);
    }

    [Fact]
    public void Nothing_travels_twice() => Assert.True(CopyPlan.Decide([new("a", 1)], _ => 1, new HashSet<string>()).IsEmpty);
}
