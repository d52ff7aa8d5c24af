using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>Questions to a file system about files of others.</summary>
public sealed class RestoreProbeTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    /// <summary>They are asked by renaming, which works where somebody made room for it.</summary>
    [Fact]
    public void Nothing_is_asked_of_what_a_link_leads_to()
    {
        temp.Write("precious/file", "root's"u8);
        Directory.CreateSymbolicLink(temp["data"], temp["precious"]);
        var probe = new RestoreProbe(temp[".data.probe"]);
        Directory.Move(temp[".data.probe"], temp["gone"]);

        Assert.Throws<UserError>(() => probe.RequireMovable(Posix.Bytes(temp["data/file"])));
        Assert.Throws<UserError>(() => probe.CanMove(Posix.Bytes(temp["data/file"])));
        Assert.Equal("root's", File.ReadAllText(temp["precious/file"]));
    }

    [Fact]
    public void Who_empties_the_directory_that_is_asked_by_gets_nothing()
    {
        temp.Write("data/file", "x"u8);
        var probe = new RestoreProbe(temp[".data.probe"]);
        Directory.Delete(temp[".data.probe"], recursive: true);

        Assert.Throws<UserError>(() => probe.RequireMovable(Posix.Bytes(temp["data/file"])));
        Assert.True(File.Exists(temp["data/file"]));
    }
}
