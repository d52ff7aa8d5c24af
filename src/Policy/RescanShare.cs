namespace VertexAr.Backup.Policy;

/// <summary>
/// Which files are read again today, although nothing shows that they changed: a share of them each day, so that each has its turn once
/// in so many days, whichever runs were missed, and nothing has to be remembered.
/// </summary>
/// <param name="Days">In how many days all have had their turn; 1 or more.</param>
internal readonly record struct RescanShare(int Days)
{
    public const int DefaultDays = 30;

    private const int SecondsOfDay = 86_400;

    /// <summary>Whether one of the days after <paramref name="then"/> up to that of <paramref name="now"/> is the file's. Days begin at midnight UTC.</summary>
    /// <param name="file">A number that is the file's for good, such as a checksum of its path.</param>
    /// <param name="then">When the run began that it is compared with, in seconds since 1970.</param>
    /// <param name="now">When this run began.</param>
    public bool IsDue(uint file, long then, long now)
    {
        var (first, today) = (Day(then), Day(now));
        return today - first >= Days || Remainder(file - first - 1) < today - first;
    }

    private long Remainder(long number) => ((number % Days) + Days) % Days;

    private static long Day(long seconds) => (long)Math.Floor((double)seconds / SecondsOfDay);
}
