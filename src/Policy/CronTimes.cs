using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace VertexAr.Backup.Policy;

/// <summary>
/// The times of a cron expression of five fields, in a zone's local time. In the hour that spring skips, a time is moved to its
/// end; in the one that autumn repeats, a time comes once, and one that is given by steps, ranges or <c>*</c> comes twice.
/// </summary>
internal sealed class CronTimes
{
    private const string Fields = "minute, hour, day of month, month, day of week";

    private readonly CronExpression expression;

    private CronTimes(CronExpression expression) => this.expression = expression;

    /// <summary>False for an expression that is none, with a <paramref name="problem"/> that ends a sentence about it.</summary>
    public static bool TryRead(
        string text, [NotNullWhen(true)] out CronTimes? times, [NotNullWhen(false)] out string? problem)
    {
        times = null;
        problem = Miscounted(text);
        if (problem is not null)
        {
            return false;
        }

        try
        {
            times = new CronTimes(CronExpression.Parse(text.Trim()));
            return true;
        }
        catch (CronFormatException e)
        {
            problem = InWords(e.Message);
        }
        catch (MissingSeedException)
        {
            problem = "'H' is not supported; name a time";
        }

        return false;
    }

    /// <summary>The first time after an instant, with the zone's offset then; null if none ever comes.</summary>
    public DateTimeOffset? After(DateTimeOffset instant, TimeZoneInfo zone)
    {
        var next = expression.GetNextOccurrence(instant, zone);

        // In Morocco, whose summer time is its standard time to .NET, Cronos 0.13 names the end of the skipped hour again and again.
        for (var minutes = 1; next <= instant; minutes++)
        {
            next = expression.GetNextOccurrence(instant.AddMinutes(minutes), zone);
        }

        return next;
    }

    public override string ToString() => expression.ToString();

    /// <summary>A field too many is taken for the seconds by many programs, so that hours would be read as minutes.</summary>
    private static string? Miscounted(string text)
    {
        var fields = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return fields switch
        {
            [] => $"it is empty; it must have five fields: {Fields}",
            ["@every_second"] => "a minute is the shortest interval",
            [['@', ..]] => null,
            { Length: 6 } => $"it has six fields, and there are no seconds; it must have five: {Fields}",
            { Length: not 5 } => $"it has {(fields.Length == 1 ? "one field" : $"{fields.Length} fields")}; it must have five: {Fields}",
            _ => null,
        };
    }

    /// <summary>The message of the parser without what it begins with.</summary>
    private static string InWords(string message)
    {
        const string beginning = "The given cron expression has an invalid format. ";
        var rest = message.StartsWith(beginning, StringComparison.Ordinal) ? message[beginning.Length..] : message;
        return rest.TrimEnd('.');
    }
}
