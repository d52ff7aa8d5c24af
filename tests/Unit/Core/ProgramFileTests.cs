using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class ProgramFileTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_name_is_looked_for_in_path_and_what_may_not_be_run_is_passed_over()
    {
        temp.Make("a");
        temp.Make("b/tool");
        temp.Write("a/tool", []);
        var tool = temp.Write("c/tool", []);
        Tools.Run("chmod", "+x", tool);

        Assert.Equal(tool, ProgramFile.Find("tool", $"{temp["a"]}:{temp["b"]}:{temp["c"]}"));
        Assert.Null(ProgramFile.Find("tool", temp["a"]));
        Assert.Equal(tool, ProgramFile.Find(tool, ""));
        Assert.NotNull(ProgramFile.Find("sh", null));
    }
}
