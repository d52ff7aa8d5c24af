namespace VertexAr.Backup.Policy;

/// <summary>From the time that a clock on the wall showed to the instant that was.</summary>
internal static class WallClock
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The offset is the one that was in force before a change of the clock: of an hour that came twice the first is meant, and
    /// a time that was skipped is as far past the change as it would have been without it. So does Python's own conversion.
    /// </summary>
    public static DateTimeOffset ToInstant(DateTime local, TimeZoneInfo zone)
    {
        var time = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsAmbiguousTime(time))
        {
            return new DateTimeOffset(time, zone.GetAmbiguousTimeOffsets(time).Max()).ToUniversalTime();
        }

        var before = time;
        while (zone.IsInvalidTime(before))
        {
            before -= Step;
        }

        return new DateTimeOffset(time, zone.GetUtcOffset(before)).ToUniversalTime();
    }
}
