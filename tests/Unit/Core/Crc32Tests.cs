using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class Crc32Tests
{
    /// <summary>The value that catalogues of checksums give for these digits.</summary>
    [Fact]
    public void It_is_the_checksum_of_gzip() => Assert.Equal(0xCBF43926, Crc32.Append(0, "123456789"u8));

    [Fact]
    public void Parts_add_up() => Assert.Equal(Crc32.Append(0, "123456789"u8), Crc32.Append(Crc32.Append(Crc32.Append(0, "1234"u8), []), "56789"u8));
}
