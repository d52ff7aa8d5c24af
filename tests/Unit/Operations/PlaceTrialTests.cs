using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Operations;

public sealed class PlaceTrialTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 1, 2, 3, TimeSpan.Zero);

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_disk_can_do_all_of_it_and_nothing_is_left_nor_its_time_changed()
    {
        var before = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        Directory.SetLastWriteTimeUtc(temp.Root, before);
        var trial = PlaceTrial.Run(temp.Root, Now);
        Assert.Empty(trial.Lacking);
        Assert.False(trial.IsFull);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp.Root));
        Assert.Equal(before, Directory.GetLastWriteTimeUtc(temp.Root));
    }

    [Fact]
    public void What_a_killed_trial_left_is_removed_and_nothing_else()
    {
        var orphan = Directory.CreateDirectory(Path.Combine(temp.Root, ".vertex-ar-backup-trial-20261129T010203Z")).FullName;
        File.WriteAllText(Path.Combine(orphan, "locked"), "");
        File.WriteAllText(Path.Combine(orphan, "exchanged-one"), "");
        var theirs = Directory.CreateDirectory(Path.Combine(temp.Root, ".vertex-ar-backup-trial-of-somebody")).FullName;
        var full = Directory.CreateDirectory(Path.Combine(temp.Root, ".vertex-ar-backup-trial-20261129T010204Z")).FullName;
        File.WriteAllText(Path.Combine(full, "a file of somebody"), "");
        File.WriteAllText(Path.Combine(full, "locked"), "");
        var named = Directory.CreateDirectory(Path.Combine(temp.Root, ".vertex-ar-backup-trial-20261129T010206Z")).FullName;
        File.WriteAllText(Path.Combine(named, "locked"), "what somebody wrote");
        File.CreateSymbolicLink(Path.Combine(temp.Root, ".vertex-ar-backup-trial-20261129T010205Z"), theirs);

        PlaceTrial.RemoveOrphans(temp.Root);

        Assert.False(Directory.Exists(orphan));
        Assert.True(Directory.Exists(theirs));
        Assert.True(File.Exists(Path.Combine(full, "a file of somebody")));
        Assert.True(File.Exists(Path.Combine(full, "locked")));
        Assert.True(File.Exists(Path.Combine(named, "locked")));
    }

    [Fact]
    public void One_that_is_under_way_is_left_alone_and_another_name_taken()
    {
        var other = Directory.CreateDirectory(Path.Combine(temp.Root, ".vertex-ar-backup-trial-20261130T010203Z")).FullName;
        using var held = Posix.OpenDirectory(Posix.Here, Posix.Bytes(other));
        Assert.True(FileLock.TryTake(held, exclusive: true));
        Assert.Empty(PlaceTrial.Run(temp.Root, Now).Lacking);
        Assert.Equal([other], Directory.GetFileSystemEntries(temp.Root));
    }

    /// <summary>Nothing can be made in /proc.</summary>
    [Fact]
    public void Where_nothing_can_be_made_that_is_all_that_is_known() =>
        Assert.Equal([PlaceAbility.Make], PlaceTrial.Run("/proc/self/task", Now).Lacking.Keys);
}
