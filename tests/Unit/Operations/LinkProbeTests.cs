using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class LinkProbeTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void On_a_disk_links_have_times_of_their_own_and_nothing_is_left_of_the_question()
    {
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.True(new LinkProbe().HasOwn(directory));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp.Root));
    }

    [Fact]
    public void A_name_that_is_taken_stays_as_it_is()
    {
        var taken = temp.Write(".vertex-ar-backup-link-0", "somebody's"u8);
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.True(new LinkProbe().HasOwn(directory));
        Assert.Equal("somebody's", File.ReadAllText(taken));
        Assert.Equal([taken], Directory.GetFileSystemEntries(temp.Root));
    }

    /// <summary>Nothing can be made in /proc, least of all there.</summary>
    [Fact]
    public void Where_no_link_can_be_made_that_is_an_error_and_no_answer()
    {
        using var directory = Posix.OpenDirectory(Posix.Here, "/proc/self/task"u8);
        Assert.Throws<PosixError>(() => new LinkProbe().HasOwn(directory));
    }
}
