using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class DirectoryTreeTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void The_bytes_of_all_files_below_are_counted_and_those_behind_links_are_not()
    {
        Directory.CreateDirectory(temp["top/below/deeper"]);
        Directory.CreateDirectory(temp["beside"]);
        File.WriteAllText(temp["beside/other"], new string('x', 1000));
        File.WriteAllText(temp["top/one"], "1");
        File.WriteAllText(temp["top/below/.two"], "22");
        File.WriteAllText(temp["top/below/deeper/four"], "4444");
        File.CreateSymbolicLink(temp["top/link"], temp["beside/other"]);
        Directory.CreateSymbolicLink(temp["top/below/links"], temp["beside"]);
        using (var top = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp["top"])))
        using (var named = Posix.CreateNew(top, [0xFF, (byte)'\n'], 0x180))
        {
            RandomAccess.Write(named, new byte[8], 0);
        }

        Assert.Equal(1 + 2 + 4 + 8, DirectoryTree.Bytes(temp["top"]));
        Directory.CreateSymbolicLink(temp["way"], temp["top"]);
        Assert.Equal(1 + 2 + 4 + 8, DirectoryTree.Bytes(temp["way"]));
    }

    [Fact]
    public void A_directory_that_is_not_there_has_no_size() =>
        Assert.Equal(PosixError.NotFound, Assert.Throws<PosixError>(() => DirectoryTree.Bytes(temp["none"])).Number);

    [Fact]
    public void One_that_cannot_be_read_is_named()
    {
        File.WriteAllText(temp["file"], "");
        Assert.Contains(temp["file"], Assert.Throws<UserError>(() => DirectoryTree.Bytes(temp["file"])).Message, StringComparison.Ordinal);
    }
}
