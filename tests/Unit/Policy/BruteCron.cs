using System.Globalization;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>
/// The times of a cron expression, found without any cleverness: every minute is compared with every field. Numbers, lists,
/// ranges, steps and <c>*</c> only. What the clock does is learned from its offset to UTC, minute by minute, and not from the
/// zone's own idea of ambiguous and invalid times.
/// </summary>
internal sealed class BruteCron
{
    private static readonly (int Least, int Most)[] Bounds = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

    private readonly bool[][] fields;
    private readonly bool interval;

    public BruteCron(string expression)
    {
        var texts = expression.Split(' ');
        fields = [.. texts.Select((text, i) => Field(text, Bounds[i].Least, Bounds[i].Most))];
        interval = texts.Take(2).Any(text => text.AsSpan().IndexOfAny('*', '-', '/') >= 0);
    }

    /// <summary>The local time of each minute of a stretch in a zone, as its distance from UTC. For many expressions, found once.</summary>
    public static (DateTime Utc, TimeSpan Offset)[] Minutes(TimeZoneInfo zone, DateTime from, DateTime to) =>
        [.. Enumerable.Range(0, (int)(to - from).TotalMinutes).Select(i => from.AddMinutes(i)).Select(utc => (utc, zone.GetUtcOffset(utc)))];

    public IEnumerable<DateTimeOffset> Times((DateTime Utc, TimeSpan Offset)[] minutes)
    {
        var (before, repeatedUntil) = (minutes[0].Offset, DateTime.MinValue);
        foreach (var (utc, offset) in minutes)
        {
            var local = utc + offset;
            var skipped = false;
            if (offset > before)
            {
                for (var gone = local - (offset - before); gone < local; gone = gone.AddMinutes(1))
                {
                    skipped |= Matches(gone);
                }
            }
            else if (offset < before)
            {
                repeatedUntil = utc + (before - offset);
            }

            before = offset;
            if (skipped || (Matches(local) && (interval || utc >= repeatedUntil)))
            {
                yield return new DateTimeOffset(utc, TimeSpan.Zero);
            }
        }
    }

    private bool Matches(DateTime local) =>
        fields[0][local.Minute] && fields[1][local.Hour] && fields[2][local.Day] && fields[3][local.Month]
        && (fields[4][(int)local.DayOfWeek] || (local.DayOfWeek == DayOfWeek.Sunday && fields[4][7]));

    private static bool[] Field(string text, int least, int most)
    {
        var set = new bool[most + 1];
        foreach (var part in text.Split(','))
        {
            var (range, step) = part.Split('/') is [var r, var s] ? (r, Number(s)) : (part, 1);
            var (first, last) = range == "*" ? (least, most)
                : range.Split('-') is [var a, var b] ? (Number(a), Number(b))
                : (Number(range), part.Contains('/', StringComparison.Ordinal) ? most : Number(range));
            for (var i = first; i <= last; i += step)
            {
                set[i] = true;
            }
        }

        return set;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
