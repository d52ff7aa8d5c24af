using VertexAr.Backup.Cli;

namespace VertexAr.Backup.Tests.Cli;

public sealed class DescriptorStreamTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Two_streams_into_one_file_do_not_overwrite_each_other()
    {
        using (var file = File.OpenHandle(path, access: FileAccess.Write))
        {
            using var first = new DescriptorStream((int)file.DangerousGetHandle());
            using var second = new DescriptorStream((int)file.DangerousGetHandle());
            first.Write("one "u8);
            second.Write("two "u8);
            first.Write("three"u8);
        }

        Assert.Equal("one two three", File.ReadAllText(path));
    }

    [Fact]
    public void A_descriptor_that_cannot_be_written_is_an_io_error()
    {
        using var file = File.OpenHandle(path, access: FileAccess.Read);
        using var stream = new DescriptorStream((int)file.DangerousGetHandle());

        Assert.ThrowsAny<IOException>(() => stream.Write("x"u8));
    }
}
