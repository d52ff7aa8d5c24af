using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class NameTrialTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_disk_takes_all_names_as_they_are_and_nothing_is_left_of_the_question()
    {
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        var trial = new NameTrial();
        Assert.Equal((false, false, true), (trial.IsAltering(directory), trial.IsFolding(directory), trial.TakesBytes(directory)));
        Assert.True(NameTrial.CanMakeFile(directory));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp.Root));
    }

    [Fact]
    public void A_name_that_is_taken_stays_as_it_is()
    {
        var taken = temp.Write(".vertex-ar-backup-name-0", "somebody's"u8);
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.True(NameTrial.CanMakeFile(directory));
        Assert.Equal("somebody's", File.ReadAllText(taken));
        Assert.Equal([taken], Directory.GetFileSystemEntries(temp.Root));
    }

    /// <summary>Nothing can be made in /proc.</summary>
    [Fact]
    public void Where_nothing_can_be_made_no_name_is_at_fault()
    {
        using var directory = Posix.OpenDirectory(Posix.Here, "/proc/self/task"u8);
        var trial = new NameTrial();
        Assert.False(NameTrial.CanMakeFile(directory));
        Assert.Equal((false, false), (trial.IsAltering(directory), trial.IsFolding(directory)));
    }
}
