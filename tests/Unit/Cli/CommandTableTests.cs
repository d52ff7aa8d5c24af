using VertexAr.Backup.Cli;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Cli;

public static class CommandTableTests
{
    /// <summary>Written out there: to gather them takes a twentieth of the time of a start.</summary>
    [Fact]
    public static void Words_are_those_of_what_they_stand_for()
    {
        Assert.Equal(ScheduledJobs.All.Select(job => job.Word()), CommandTable.JobWords);
        Assert.Equal(Enum.GetValues<ScheduledJob>(), ScheduledJobs.All);
        Assert.Equal(Enum.GetValues<SnapshotType>().Select(type => type.Word()), CommandTable.TypeWords);
        Assert.Equal(Enum.GetValues<SourceKind>().Select(kind => kind.Word()), CommandTable.KindWords);
    }
}
