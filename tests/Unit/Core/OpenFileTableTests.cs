using System.Diagnostics;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class OpenFileTableTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Tells_of_each_file_which_other_processes_have_it_open()
    {
        temp.Write("held", "x"u8);
        temp.Write("free", "x"u8);
        using var ours = File.OpenRead(temp["free"]);
        using var holder = Process.Start(new ProcessStartInfo("sh", ["-c", "exec 9<\"$1\"; echo open; read -r line", "sh", temp["held"]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("open", holder.StandardOutput.ReadLine());
        var table = OpenFileTable.Read();
        Assert.Equal([$"sh (process {holder.Id})"], table.Holders(Posix.StatusOrNull(temp["held"])!.Value));
        Assert.Empty(table.Holders(Posix.StatusOrNull(temp["free"])!.Value));
        holder.StandardInput.Close();
        holder.WaitForExit();
        Assert.Empty(OpenFileTable.Read().Holders(Posix.StatusOrNull(temp["held"])!.Value));
    }

    [Fact]
    public void The_kernels_table_of_locks_is_read_as_proc_locks_describes_it()
    {
        const string text = """
            1: POSIX  ADVISORY  READ  708 fe:1b:2687 1073741826 1073742335
            1: -> POSIX  ADVISORY  WRITE 709 fe:1b:2687 0 EOF
            2: FLOCK  ADVISORY  WRITE 710 08:01:11 0 EOF
            3: POSIX  ADVISORY  WRITE -1 08:01:12 0 EOF
            4: OFDLCK ADVISORY  READ  -1 08:01:13 0 EOF
            5: POSIX  ADVISORY  WRITE 711 00:2c:18446744073709551615 0 0

            """;
        Assert.Equal([(708, ((0xFEUL << 32) | 0x1B, 2687UL)), (711, (0x2CUL, ulong.MaxValue))], OpenFileTable.ParseLocks(text));
    }
}
