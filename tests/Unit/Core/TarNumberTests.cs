using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class TarNumberTests
{
    [Theory]
    [InlineData("00000000017\0", 15)]
    [InlineData("   644 \0", 0x1A4)]
    [InlineData("77777777777\0", 0x1FFFFFFFF)]
    [InlineData("\0\0\0\0\0\0\0\0", 0)]
    public void Octal_digits_end_at_a_zero_byte_or_a_blank(string field, long number) =>
        Assert.Equal(number, TarNumber.Read(System.Text.Encoding.ASCII.GetBytes(field)));

    /// <summary>As GNU tar writes sizes of 8 GiB and more, and times before 1970.</summary>
    [Theory]
    [InlineData("800000000000000200000000", 1L << 33)]
    [InlineData("80000000000000000000007B", 123)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFF", -1)]
    [InlineData("FFFFFFFF8000000000000000", long.MinValue)]
    public void A_set_first_bit_announces_the_number_itself(string field, long number) =>
        Assert.Equal(number, TarNumber.Read(Convert.FromHexString(field)));

    [Theory]
    [InlineData("30303038")] // "0008"
    [InlineData("2D313200")] // "-12"
    [InlineData("81FFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("800000008000000000000000")]
    [InlineData("373737373737373737373737373737373737373737373700")]
    public void What_is_no_number_or_too_large_is_none(string field) => Assert.Null(TarNumber.Read(Convert.FromHexString(field)));
}
