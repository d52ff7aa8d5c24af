using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class ScratchDirectoryTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void It_is_its_owners_only_and_gone_when_disposed_with_all_that_is_in_it()
    {
        using (var scratch = ScratchDirectory.Make(temp.Root, Now))
        {
            Assert.Equal(0x1C0, Posix.StatusOrNull(scratch.DirectoryPath)!.Value.Permissions);
            Directory.CreateDirectory(Path.Combine(scratch.Restored, "a/b"));
            File.WriteAllText(Path.Combine(scratch.Restored, "a/b/c"), "c");
            Tools.Run("chmod", "0", Path.Combine(scratch.Restored, "a/b"));
        }

        Assert.Empty(Directory.GetFileSystemEntries(temp.Root));
    }

    [Fact]
    public void One_that_is_in_use_is_not_swept_and_another_drill_gets_its_own()
    {
        using var first = ScratchDirectory.Make(temp.Root, Now);
        using var second = ScratchDirectory.Make(temp.Root, Now);
        Assert.Empty(ScratchDirectory.RemoveOrphans(temp.Root));
        Assert.NotEqual(first.DirectoryPath, second.DirectoryPath);
        Assert.Equal(2, Directory.GetDirectories(temp.Root).Length);
    }

    [Theory]
    [InlineData("this-is-a-drill", "restored/a/b")]
    [InlineData("this-is-a-drill")]
    [InlineData]
    public void What_a_killed_drill_left_is_swept_at_whatever_moment_it_was_killed(params string[] files)
    {
        var orphan = temp.Make("vertex-ar-backup-drill-20261123T010000Z");
        foreach (var file in files)
        {
            temp.Write($"vertex-ar-backup-drill-20261123T010000Z/{file}", []);
        }

        Assert.Equal([orphan], ScratchDirectory.RemoveOrphans(temp.Root));
        Assert.Empty(Directory.GetFileSystemEntries(temp.Root));
    }

    [Fact]
    public void What_is_not_ours_stays()
    {
        temp.Write("vertex-ar-backup-drill-20261123T010000Z/letters", []);
        temp.Write("vertex-ar-backup-drill-notes/this-is-a-drill", []);
        temp.Write("vertex-ar-backup-drill-20261123T020000Z", []);
        temp.Write("elsewhere/this-is-a-drill", []);
        Directory.CreateSymbolicLink(temp["vertex-ar-backup-drill-20261123T030000Z"], temp["elsewhere"]);
        Assert.Empty(ScratchDirectory.RemoveOrphans(temp.Root));
        Assert.Equal(5, Directory.GetFileSystemEntries(temp.Root).Length);
        Assert.True(File.Exists(temp["elsewhere/this-is-a-drill"]));
    }
}
