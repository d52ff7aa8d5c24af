using System.Text;
using CsCheck;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class FileTimeTests
{
    private static readonly Gen<FileTime> Any =
        Gen.Select(Gen.Long, Gen.Int[0, 999_999_999], (seconds, nanoseconds) => new FileTime(seconds, nanoseconds));

    [Theory]
    [InlineData(0, 0, "0.000000000")]
    [InlineData(1, 5, "1.000000005")]
    [InlineData(1795399200, 123456789, "1795399200.123456789")]
    [InlineData(-1, 500_000_000, "-1.500000000")]
    [InlineData(long.MaxValue, 999_999_999, "9223372036854775807.999999999")]
    [InlineData(long.MinValue, 0, "-9223372036854775808.000000000")]
    public void Is_written_with_nine_digits_of_nanoseconds(long seconds, int nanoseconds, string text)
    {
        var time = new FileTime(seconds, nanoseconds);
        Assert.Equal(text, Format(time));
        Assert.Equal(text, time.ToString());
    }

    [Theory]
    [InlineData(0, "1970-01-01 00:00:00")]
    [InlineData(-1, "1969-12-31 23:59:59")]
    [InlineData(-315_619_200, "1960-01-01 00:00:00")]
    [InlineData(-5_000_000_000, "1811-07-23 15:06:40")]
    [InlineData(253_402_214_399, "9999-12-30 23:59:59")]
    [InlineData(long.MaxValue, "9999-12-30 23:59:59")]
    [InlineData(long.MinValue, "0001-01-02 00:00:00")]
    public void Is_shown_as_what_it_is_also_before_1970(long seconds, string shown) => Assert.Equal(
        shown, new FileTime(seconds, 999_999_999).ToNearestTime().ToString("yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void Reads_what_it_writes() => Any.Sample(time => FileTime.TryParse(Encoding.ASCII.GetBytes(Format(time)), out var read) && read == time);

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.")]
    [InlineData("1.5")]
    [InlineData("1.00000000")]
    [InlineData("1.0000000000")]
    [InlineData("1,000000000")]
    [InlineData("1.00000000x")]
    [InlineData("1.-00000001")]
    [InlineData(".000000000")]
    [InlineData("x.000000000")]
    [InlineData(" 1.000000000")]
    [InlineData("9223372036854775808.000000000")]
    [InlineData("-9223372036854775809.000000000")]
    public void Refuses_everything_else(string text) => Assert.False(FileTime.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData(10, 0, 1, 9, 999_000_000)]
    [InlineData(10, 500_000_000, 500, 10, 0)]
    [InlineData(10, 499_999_999, 500, 9, 999_999_999)]
    [InlineData(10, 1, 2000, 8, 1)]
    [InlineData(0, 0, 50, -1, 950_000_000)]
    [InlineData(10, 0, 2500, 7, 500_000_000)]
    public void Minus_milliseconds_borrows_a_second(long seconds, int nanoseconds, long minus, long wantedSeconds, int wantedNanoseconds) =>
        Assert.Equal(new FileTime(wantedSeconds, wantedNanoseconds), new FileTime(seconds, nanoseconds).MinusMilliseconds(minus));

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0, 0)]
    [InlineData("1969-12-31T23:59:59.5Z", -1, 500_000_000)]
    [InlineData("1969-12-31T23:59:59Z", -1, 0)]
    [InlineData("2026-11-23T04:00:00.0000001+02:00", 1795399200, 100)]
    [InlineData("0001-01-01T00:00:00Z", -62135596800, 0)]
    public void Is_made_from_a_moment(string moment, long seconds, int nanoseconds) =>
        Assert.Equal(new FileTime(seconds, nanoseconds), FileTime.From(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void Is_ordered_by_seconds_and_then_nanoseconds() => Gen.Select(Any, Any).Sample((a, b) =>
    {
        var wanted = (a.Seconds, a.Nanoseconds).CompareTo((b.Seconds, b.Nanoseconds));
        return Math.Sign(a.CompareTo(b)) == Math.Sign(wanted)
            && (a < b) == wanted < 0 && (a > b) == wanted > 0 && (a <= b) == wanted <= 0 && (a >= b) == wanted >= 0;
    });

    private static string Format(FileTime time)
    {
        Span<byte> text = stackalloc byte[FileTime.MaxText];
        return Encoding.ASCII.GetString(text[..time.Format(text)]);
    }
}
