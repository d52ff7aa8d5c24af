using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class OwnerChildTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(0, 0, "755", false)]
    [InlineData(0, 4321, "755", false)]
    [InlineData(4321, 4321, "755", true)]
    [InlineData(4321, 1234, "755", true)]
    [InlineData(4321, 0, "775", true)]
    [InlineData(4321, 0, "1777", true)]
    [InlineData(4321, 0, "755", false)]
    public void Root_leaves_to_its_owner_what_others_can_put_something_next_to(int owner, int directoryOwner, string mode, bool isLeft)
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can give files away");
        temp.Write("app/app.db", []);
        Assert.Equal(0, Tools.Run("sh", "-c", $"chown {owner}:{owner} '{temp["app/app.db"]}'; chown {directoryOwner} '{temp["app"]}'; chmod {mode} '{temp["app"]}'").Exit);
        Assert.Equal(isLeft ? ((uint)owner, (uint)owner) : null, OwnerChild.OwnerOf(temp["app/app.db"]));
    }

    [Fact]
    public void A_user_that_this_machine_knows_has_the_group_that_it_has_here()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can give files away");
        temp.Write("app/app.db", []);
        Assert.Equal(0, Tools.Run("chown", "-R", "nobody:root", temp["app"]).Exit);
        Assert.Equal(Accounts.User("nobody"), OwnerChild.OwnerOf(temp["app/app.db"]));
    }

    [Fact]
    public void Another_command_line_is_none_of_its() => Assert.Null(OwnerChild.Run(["create", "--as-owner"], _ => throw new InvalidOperationException()));
}
