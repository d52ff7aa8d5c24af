using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class LoopDevicesTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Tells_which_files_the_kernel_has_open_as_disks()
    {
        var image = temp.Write("disk image", "x"u8);
        Make("loop0", temp["disk image"]);
        Make("loop1", null);
        Make("loop2", $"{temp["gone"]} (deleted)");
        Make("sda", temp["disk image"]);
        var found = Assert.Single(LoopDevices.Read(temp["block"]));
        var status = Posix.StatusOrNull(image)!.Value;
        Assert.Equal(((status.Device, status.Inode), "/dev/loop0"), found);
        Assert.Empty(LoopDevices.Read(temp["nothing"]));
    }

    /// <summary>A device without a file has no directory for it.</summary>
    private void Make(string device, string? file)
    {
        temp.Make($"block/{device}");
        if (file is not null)
        {
            temp.Make($"block/{device}/loop");
            File.WriteAllText(temp[$"block/{device}/loop/backing_file"], file + "\n");
        }
    }
}
