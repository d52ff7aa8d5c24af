using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class ExposureTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public ExposureTests() => Assert.SkipUnless(Posix.IsRoot, "other owners take root");

    [Theory]
    [InlineData("mkdir -p a/b; touch a/b/c", null)]
    [InlineData("mkdir -p a/b; touch a/b/c; chmod o+w a/b/c", "c can be written to by everybody")]
    [InlineData("mkdir -p a/b; touch a/b/c; chown 1 a/b/c", "c belongs to daemon")]
    [InlineData("mkdir -p a/b; touch a/b/c; chown 1 a", "a belongs to daemon")]
    [InlineData("mkdir -p a/b; touch a/b/c; chgrp 1 a; chmod g+w a", "a can be written to by the group daemon")]
    [InlineData("mkdir -p a/b; touch a/b/c; chmod g+w a a/b/c", null)]
    [InlineData("mkdir -p a/b; touch a/b/c; chgrp 2 a/b; chmod g+w a/b", "b can be written to by the group bin")]
    [InlineData("mkdir -p a/b; touch a/b/c; chmod 1777 a", null)]
    [InlineData("mkdir -p a/b; touch a/b/c; chmod 1777 a; chown 1 a/b", "b belongs to daemon")]
    [InlineData("mkdir -p a/b; touch a/b/c; chmod 1777 a/b; rm a/b/c", "b can be written to by everybody")]
    [InlineData("mkdir -p a real; touch real/c; ln -s ../real a/b", null)]
    [InlineData("mkdir -p a real; touch real/c; ln -s $PWD/real a/b; chown 1 real", "real belongs to daemon")]
    [InlineData("mkdir -p a real; touch real/c; ln -s ../real a/b; chown -h 1 a/b", "b belongs to daemon")]
    [InlineData("mkdir -p a real; touch real/c; ln -s ../real a/b; chmod o+w a", "a can be written to by everybody")]
    [InlineData("mkdir a; ln -s b a/b", "leads in a circle")]
    [InlineData("true", null)]
    public void The_first_place_that_others_can_change_is_named(string preparation, string? expected)
    {
        Tools.Run("sh", "-ec", $"cd '{temp.Root}'; {preparation}");
        var found = Exposure.Find(temp["a/b/c"], 0);
        if (expected is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.EndsWith(expected, found?.Sentence, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("chown 1 a/b/c", "c belongs to daemon")]
    [InlineData("chmod o+w a/b", "b can be written to by everybody")]
    [InlineData("mkdir there; touch there/d; chown 1 there; ln -s ../there a/d", "there belongs to daemon")]
    [InlineData("true", null)]
    public void Also_what_is_below(string preparation, string? expected)
    {
        Tools.Run("sh", "-ec", $"cd '{temp.Root}'; mkdir -p a/b; touch a/b/c; {preparation}");
        Assert.Equal(expected is null, Exposure.FindIn(temp["a"], 0) is null);
        Assert.EndsWith(expected ?? "", Exposure.FindIn(temp["a"], 0)?.Sentence ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Who_is_trusted_may_change_it()
    {
        Tools.Run("sh", "-ec", $"cd '{temp.Root}'; mkdir a; touch a/b; chown -R 1 a");
        Assert.NotNull(Exposure.Find(temp["a/b"], 0));
        Assert.Null(Exposure.Find(temp["a/b"], 0, 1));
    }

    /// <summary>daemon's own group; games is in group users, and sync's first group is nogroup.</summary>
    [Theory]
    [InlineData("daemon", "daemon", null)]
    [InlineData("daemon", "bin", "can be written to by the group bin")]
    [InlineData("nobody", "nogroup", "can be written to by the group nogroup")]
    public void A_group_of_its_owner_alone_is_nobody_else(string owner, string group, string? expected)
    {
        Tools.Run("sh", "-ec", $"cd '{temp.Root}'; mkdir a; touch a/b; chown {owner}:{group} a/b; chmod 664 a/b");
        Assert.Equal(expected, Exposure.Find(temp["a/b"], 0, Accounts.UserId(owner)!.Value)?.Reason);
    }

    public void Dispose() => temp.Dispose();
}
