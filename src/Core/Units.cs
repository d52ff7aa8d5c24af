using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>Numbers as a person reads them.</summary>
internal static class Units
{
    private static readonly string[] Sizes = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>
    /// What sums of bytes end at, 4 EiB. No disk holds that, but anybody can make sparse files of such a size and more; the little
    /// that is added to a sum when it is used must not overflow either.
    /// </summary>
    private const long Most = 1L << 62;

    /// <summary>The sum of two sizes or counts, neither negative; very large ones end at 2^62.</summary>
    public static long Add(long one, long other) => Math.Min(Most, one) + Math.Min(other, Most - Math.Min(Most, one));

    /// <summary>The sum of sizes or counts, none negative; a very large one ends at 2^62.</summary>
    public static long Sum(IEnumerable<long> numbers) => numbers.Aggregate(0L, Add);

    /// <summary>The same of a size or count that each of these has. Makes no garbage: thousands of headers are summed up by it.</summary>
    public static long Sum<T>(ReadOnlySpan<T> items, Func<T, long> number)
    {
        var sum = 0L;
        foreach (var item in items)
        {
            sum = Add(sum, number(item));
        }

        return sum;
    }

    /// <summary>"1023 B", "1.5 GiB": powers of 1024, at most three significant digits.</summary>
    public static string Size(long bytes)
    {
        if (bytes < 1024)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        }

        var (value, unit) = (bytes / 1024d, 0);
        while (value >= 999.5)
        {
            value /= 1024;
            unit++;
        }

        return value switch
        {
            < 9.995 => string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Sizes[unit]}"),
            < 99.95 => string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Sizes[unit]}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{value:0} {Sizes[unit]}"),
        };
    }

    /// <summary>"1 file", "12,345 files".</summary>
    public static string Count(long number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");

    /// <summary>"just now", "3 hours ago"; of a clock that went back, "in 3 hours".</summary>
    public static string Age(TimeSpan age)
    {
        var span = age.Duration();
        var text = span switch
        {
            { TotalMinutes: < 1 } => null,
            { TotalHours: < 1 } => Count(span.Minutes, "minute"),
            { TotalHours: < 48 } => Count((long)span.TotalHours, "hour"),
            { TotalDays: < 60 } => Count(span.Days, "day"),
            { TotalDays: < 730 } => Count(span.Days / 30, "month"),
            _ => Count(span.Days / 365, "year"),
        };
        return text is null ? "just now" : age < TimeSpan.Zero ? $"in {text}" : $"{text} ago";
    }

    /// <summary>"0.4 s", "12 s", "3 min 12 s", "2 h 5 min", "3 d 4 h": the two largest units.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 9.95 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):0.0} s"),
        { TotalMinutes: < 1 } => $"{time.Seconds} s",
        { TotalHours: < 1 } => Two(time.Minutes, "min", time.Seconds, "s"),
        { TotalDays: < 1 } => Two(time.Hours, "h", time.Minutes, "min"),
        _ => Two(time.Days, "d", time.Hours, "h"),
    };

    private static string Two(int large, string largeUnit, int small, string smallUnit) => small == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{large} {largeUnit}")
        : string.Create(CultureInfo.InvariantCulture, $"{large} {largeUnit} {small} {smallUnit}");
}
