using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class PosixTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_symlink_in_the_last_place_is_not_followed()
    {
        temp.Write("file", "x"u8);
        temp.Make("directory");
        File.CreateSymbolicLink(temp["to-file"], "file");
        File.CreateSymbolicLink(temp["to-directory"], "directory");
        using var top = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.Equal(PosixError.TooManySymlinks, Assert.Throws<PosixError>(() => Posix.OpenToRead(top, "to-file"u8)).Number);
        Assert.Throws<PosixError>(() => Posix.OpenDirectory(top, "to-directory"u8));
        Assert.True(Posix.StatusAt(top, "to-file"u8).IsSymlink);
        Assert.Equal("file", Encoding.UTF8.GetString(Posix.ReadLink(top, "to-file"u8)));
        using var followed = Posix.OpenToRead(top, "to-file"u8, follow: true);
        Assert.True(Posix.Status(followed).IsRegular);
    }

    [Fact]
    public void A_name_is_bytes_and_need_not_be_text()
    {
        byte[] name = [0xFF, (byte)'\n', 0xC3];
        using var top = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        using (Posix.CreateNew(top, name, 0x180))
        {
            Assert.Equal(0x180, Posix.StatusAt(top, name).Permissions);
        }

        Assert.Equal(PosixError.Exists, Assert.Throws<PosixError>(() => Posix.CreateNew(top, name, 0x180)).Number);
        Posix.Remove(top, name);
        Assert.Equal(PosixError.NotFound, Assert.Throws<PosixError>(() => Posix.StatusAt(top, name)).Number);
    }

    [Fact]
    public void A_name_with_a_zero_byte_reaches_no_system_call()
    {
        temp.Write("a", "x"u8);
        using var top = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.Equal(PosixError.Invalid, Assert.Throws<PosixError>(() => Posix.OpenToRead(top, "a\0b"u8)).Number);
        Assert.Throws<PosixError>(() => Posix.OpenToRead(top, new byte[5000]));
    }

    [Fact]
    public void A_fifo_is_opened_without_waiting_for_its_writer()
    {
        Assert.Equal(0, Tools.Run("mkfifo", temp["fifo"]).Exit);
        using var fifo = Posix.OpenToRead(Posix.Here, Posix.Bytes(temp["fifo"]));
        Assert.Equal("FIFO", Posix.Status(fifo).SpecialName);
    }

    [Fact]
    public void Time_and_size_are_read_to_the_nanosecond()
    {
        temp.Write("a", "four"u8);
        var time = new FileTime(-5, 123_456_789);
        Posix.SetModified(Posix.Here, Posix.Bytes(temp["a"]), time);
        var status = Posix.StatusOrNull(temp["a"])!.Value;
        Assert.Equal((time, 4L), (status.Modified, status.Size));
        Assert.True(status.Changed > time);
    }

    [Fact]
    public void Renaming_can_refuse_to_replace_and_can_exchange()
    {
        temp.Write("a", "a"u8);
        temp.Write("b", "b"u8);
        byte[] a = Posix.Bytes(temp["a"]), b = Posix.Bytes(temp["b"]);
        Assert.Equal(PosixError.Exists, Assert.Throws<PosixError>(() => Posix.Rename(Posix.Here, a, Posix.Here, b, RenameHow.Refuse)).Number);
        Posix.Rename(Posix.Here, a, Posix.Here, b, RenameHow.Exchange);
        Assert.Equal(("b", "a"), (File.ReadAllText(temp["a"]), File.ReadAllText(temp["b"])));
        Posix.Rename(Posix.Here, a, Posix.Here, b);
        Assert.Equal("b", File.ReadAllText(temp["b"]));
    }

    [Fact]
    public void Reading_past_the_end_tells_how_much_there_was()
    {
        temp.Write("a", "0123456789"u8);
        using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(temp["a"]));
        var buffer = new byte[8];
        Assert.Equal(8, Posix.ReadAt(file, buffer, 0));
        Assert.Equal(3, Posix.ReadAt(file, buffer, 7));
        Assert.Equal(0, Posix.ReadAt(file, buffer, 100));
    }

    [Fact]
    public void Holes_are_found()
    {
        using var file = Posix.CreateNew(Posix.Here, Posix.Bytes(temp["a"]), 0x180);
        Posix.Write(file, new byte[65536]);
        Posix.Truncate(file, 1 << 20);
        Assert.Equal(65536, Posix.SeekHole(file, 0));
        Assert.Equal(-1, Posix.SeekData(file, 65536));
        Assert.True(Posix.Status(file).MayHaveHoles);
    }

    [Fact]
    public void Accounts_are_known_by_number_and_by_name()
    {
        Assert.Equal("root", Accounts.UserName(0));
        Assert.Equal(0u, Accounts.UserId("root"));
        Assert.Equal("root", Accounts.GroupName(0));
        Assert.Equal(0u, Accounts.GroupId("root"));
        Assert.Null(Accounts.UserName(3_999_999_999));
        Assert.Null(Accounts.UserId("no such user"));
    }
}
