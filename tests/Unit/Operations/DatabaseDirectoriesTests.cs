using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class DatabaseDirectoriesTests
{
    /// <summary>It is asked after a restore is done, which an error would make one that failed.</summary>
    [Fact]
    public void What_cannot_be_looked_at_is_passed_over()
    {
        var said = new List<string>();
        DatabaseDirectories.Look([$"/{new string('x', 300)}"], said.Add);
        Assert.Empty(said);
    }
}
