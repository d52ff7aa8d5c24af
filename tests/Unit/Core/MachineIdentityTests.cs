using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class MachineIdentityTests
{
    /// <summary>What 'systemd-id128 machine-id --app-specific' prints on a machine with that ID.</summary>
    [Fact]
    public void Is_what_systemd_makes_of_the_machine_id() =>
        Assert.Equal("49c2d1cbe1664c6bb89acedccd21b7d8", MachineIdentity.Of("3d1219c7c4c5404aaa1f6d2a48adfda4"));

    [Theory]
    [InlineData("")]
    [InlineData("uninitialized")]
    [InlineData("3d1219c7c4c5404aaa1f6d2a48adfda")]
    [InlineData("3d1219c7c4c5404aaa1f6d2a48adfdag")]
    public void Anything_else_is_no_identity(string text) => Assert.Null(MachineIdentity.Of(text));

    [Fact]
    public void Without_the_file_there_is_none()
    {
        using var temp = new TempDirectory();
        Assert.Null(MachineIdentity.Read(temp["machine-id"]));
        File.WriteAllText(temp["machine-id"], "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
        Assert.Equal("49c2d1cbe1664c6bb89acedccd21b7d8", MachineIdentity.Read(temp["machine-id"]));
    }
}
