using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(10_240, "10 KiB")]
    [InlineData(12_700, "12.4 KiB")]
    [InlineData(102_300, "99.9 KiB")]
    [InlineData(102_399, "100 KiB")]
    [InlineData(1_023_000, "999 KiB")]
    [InlineData(1_048_575, "1 MiB")]
    [InlineData(1_610_612_736, "1.5 GiB")]
    [InlineData(549_755_813_888, "512 GiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    public void A_size_has_three_digits_at_most(long bytes, string text) => Assert.Equal(text, Units.Size(bytes));

    [Fact]
    public void Sums_of_sizes_do_not_overflow()
    {
        const long most = 1L << 62;
        Assert.Equal(5, Units.Add(2, 3));
        Assert.Equal(most, Units.Add(7L << 60, 7L << 60));
        Assert.Equal(most, Units.Add(1, long.MaxValue));
        Assert.Equal(most, Units.Add(most - 1, 1));
        Assert.Equal(6, Units.Sum([1, 2, 3]));
        Assert.Equal(most, Units.Sum([long.MaxValue, long.MaxValue, long.MaxValue]));
    }

    [Theory]
    [InlineData(0, "0 files")]
    [InlineData(1, "1 file")]
    [InlineData(12345, "12,345 files")]
    public void A_count_agrees_with_its_noun(long number, string text) => Assert.Equal(text, Units.Count(number, "file"));

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(59, "just now")]
    [InlineData(60, "1 minute ago")]
    [InlineData(3599, "59 minutes ago")]
    [InlineData(3 * 3600, "3 hours ago")]
    [InlineData(47 * 3600, "47 hours ago")]
    [InlineData(48 * 3600, "2 days ago")]
    [InlineData(90 * 86400, "3 months ago")]
    [InlineData(800 * 86400, "2 years ago")]
    [InlineData(-7200, "in 2 hours")]
    public void An_age_is_said_in_its_largest_unit(int seconds, string text) =>
        Assert.Equal(text, Units.Age(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(0.44, "0.4 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(12.3, "12 s")]
    [InlineData(180, "3 min")]
    [InlineData(192, "3 min 12 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(86400 * 3, "3 d")]
    [InlineData((86400 * 3) + 14400, "3 d 4 h")]
    [InlineData(-1, "0.0 s")]
    public void A_duration_has_its_two_largest_units(double seconds, string text) =>
        Assert.Equal(text, Units.Duration(TimeSpan.FromSeconds(seconds)));
}
