using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What a restore made is removed, and nothing that came into it while it was in place, whatever times that has.</summary>
public sealed class StagedContentTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public StagedContentTests()
    {
        temp.Write("staged/a", "restored"u8);
        temp.Write("staged/d/b", "restored"u8);
        temp.Write("staged/d/c", "restored"u8);
        Tools.Run("bash", "-c", $"cd '{temp["staged"]}'; ln d/c d/hard; ln -s a link; mkfifo fifo; mkdir empty; touch -d 2020-01-01 a d/b d/c; touch -hd 2020-01-01 link");
        StagedContent.Write(temp["list"], [temp["staged"], temp["never-made"]], [new ExchangeStep(P("live"), default, P("staged/a"), default)]);
        temp.Write("upload", "theirs"u8);
        Tools.Run("touch", "-d", "2019-01-01", temp["upload"]);
    }

    public void Dispose() => temp.Dispose();

    [Fact]
    public void All_that_was_staged_is_removed_also_after_a_rename_by_the_steps()
    {
        Tools.Run("bash", "-c", $"cd '{temp.Root}'; mv staged/a x; mv staged elsewhere; mv x elsewhere/a; mv elsewhere staged");
        Assert.Empty(StagedContent.Read(temp["list"]).Remove(temp["staged"]));
        Assert.False(Directory.Exists(temp["staged"]));
        Assert.Empty(StagedContent.Read(temp["list"]).Remove(temp["staged"]));
    }

    [Theory]
    [InlineData("mv ../upload d/upload", "d/upload")]
    [InlineData("cp -p ../upload d/upload", "d/upload")]
    [InlineData("ln ../upload d/upload", "d/upload")]
    [InlineData("mv ../upload d/b", "d/b")]
    [InlineData("cp -p ../upload d/n; mv d/n a", "a")]
    [InlineData("echo more >>d/b; touch -d 2020-01-01 d/b", "d/b")]
    [InlineData("echo more >>a; touch -d 2020-01-01 a", "a")]
    [InlineData("printf RESTORED >d/b; touch -d 2020-01-01 d/b", "d/b")]
    [InlineData(": >d/marker; touch -d 2001-01-01 d/marker", "d/marker")]
    [InlineData("ln -s x d/other; touch -hd 2001-01-01 d/other", "d/other")]
    [InlineData("rm link; ln -s b link; touch -hd 2020-01-01 link", "link")]
    [InlineData("mkdir d/new", "d/new")]
    [InlineData("mkdir d/new; mv d/b d/new", "d/new")]
    [InlineData("mv d/b d/renamed", "d/renamed")]
    public void What_came_or_changed_meanwhile_stays_and_is_named(string change, string left)
    {
        Assert.Equal(0, Tools.Run("bash", "-c", $"cd '{temp["staged"]}' && {change}").Exit);
        Assert.Equal([left], StagedContent.Read(temp["list"]).Remove(temp["staged"]));
        var there = Directory.GetFileSystemEntries(temp["staged"], "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(temp["staged"], path));
        Assert.All(there, path => Assert.True(path == "d" || path == left || path.StartsWith(left + "/", StringComparison.Ordinal), path));
        Assert.Contains(left, there);
    }

    [Fact]
    public void A_list_of_a_size_that_none_has_is_not_read()
    {
        Assert.Equal(0, Tools.Run("truncate", "-s", "300G", temp["list"]).Exit);
        var content = StagedContent.Read(temp["list"]);
        Assert.False(content.IsComplete);
        Assert.Equal([""], content.Remove(temp["staged"]));
    }

    [Fact]
    public void Without_the_list_or_with_a_damaged_one_nothing_is_removed()
    {
        var list = File.ReadAllBytes(temp["list"]);
        list[3] ^= 1;
        File.WriteAllBytes(temp["list"], list);
        Assert.Equal([""], StagedContent.Read(temp["list"]).Remove(temp["staged"]));
        Assert.Equal([""], StagedContent.Read(temp["no-list"]).Remove(temp["staged"]));
        Assert.True(File.Exists(temp["staged/d/b"]));
    }

    private byte[] P(string name) => Posix.Bytes(temp[name]);
}
