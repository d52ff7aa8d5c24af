using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class OwnerMappingTests
{
    [Theory]
    [InlineData("alice", 1000, null)] // the same
    [InlineData("carol", 1000, null)] // known here by another number, as on every second machine
    [InlineData("toor", 1000, "becomes number 0")]
    [InlineData("alice", 0, "becomes number 1000")]
    [InlineData("toor", 0, null)]
    [InlineData("dave", 1000, "becomes 'alice'")]
    [InlineData("dave", 3000, null)] // nobody's here
    [InlineData("dave", 0, null)] // root by another name
    [InlineData(null, 1000, null)]
    public void It_is_said_who_gets_what_was_somebody_elses(string? name, uint number, string? expected)
    {
        var numbers = new Dictionary<string, uint> { ["root"] = 0, ["toor"] = 0, ["alice"] = 1000, ["carol"] = 2000 };
        var said = OwnerMapping.Stranger(
            "user", name, number, one => numbers.TryGetValue(one, out var id) ? id : null, id => numbers.FirstOrDefault(one => one.Value == id).Key);
        if (expected is null)
        {
            Assert.Null(said);
        }
        else
        {
            Assert.Contains(expected, said, StringComparison.Ordinal);
        }
    }
}
