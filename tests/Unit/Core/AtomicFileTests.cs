using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void The_file_has_its_content_and_mode_and_no_left_over()
    {
        File.WriteAllText(temp["a.tmp"], "left over by a crash, and longer than the new one");
        AtomicFile.Write(temp["a.tmp"], temp["a"], "new");
        Assert.Equal("new", File.ReadAllText(temp["a"]));
        Assert.Equal(AtomicFile.FileMode, Posix.StatusOrNull(temp["a"])!.Value.Permissions);
        Assert.False(File.Exists(temp["a.tmp"]));
    }

    [Fact]
    public void The_final_name_appears_only_when_the_file_is_published()
    {
        using (var file = AtomicFile.Create(temp["a.tmp"]))
        {
            Posix.Write(file, Encoding.ASCII.GetBytes("half"));
            Assert.False(File.Exists(temp["a"]));
            AtomicFile.Publish(file, temp["a.tmp"], temp["a"]);
        }

        Assert.Equal("half", File.ReadAllText(temp["a"]));
    }

    [Fact]
    public void A_directory_is_made_once_with_its_mode()
    {
        AtomicFile.EnsureDirectory(temp["d"]);
        AtomicFile.EnsureDirectory(temp["d"]);
        Assert.Equal(AtomicFile.DirectoryMode, Posix.StatusOrNull(temp["d"])!.Value.Permissions);
    }

    [Fact]
    public void A_file_where_the_directory_should_be_is_an_error()
    {
        File.WriteAllText(temp["d"], "");
        Assert.Equal(PosixError.Exists, Assert.Throws<PosixError>(() => AtomicFile.EnsureDirectory(temp["d"])).Number);
    }

    [Fact]
    public void Removing_says_whether_there_was_something()
    {
        File.WriteAllText(temp["a"], "");
        Assert.True(AtomicFile.RemoveIfThere(temp["a"]));
        Assert.False(AtomicFile.RemoveIfThere(temp["a"]));
    }
}
