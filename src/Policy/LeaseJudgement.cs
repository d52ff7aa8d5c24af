using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>Whether whoever wrote a lease still uses the repository.</summary>
internal enum LeaseState
{
    AtWork,

    /// <summary>It is gone, and what it left may be removed.</summary>
    Gone,

    /// <summary>The clocks contradict each other: it has to be seen whether it is renewed.</summary>
    Unclear,
}

/// <summary>What is known of whoever judges a lease.</summary>
/// <param name="Machine">This machine; null if it has no identity.</param>
/// <param name="Host">Its name.</param>
/// <param name="Boot">The start of its kernel.</param>
/// <param name="Door">By which way the repository is used from here.</param>
/// <param name="IsOfOneMachine">Whether that is a file system which one kernel alone can have mounted.</param>
/// <param name="HoldsLock">The kernel's lock is held that whoever writes such a lease holds as long as it runs.</param>
/// <param name="UpTime">How long the machine runs.</param>
internal sealed record LeasePlace(string? Machine, string Host, string? Boot, LeaseDoor Door, bool IsOfOneMachine, bool HoldsLock, TimeSpan UpTime);

/// <summary>
/// Judges leases. The kernel's lock answers for everybody who comes by the same way; a process number for everybody on this machine; the
/// start of this machine for all that it ran before. Of others only this is known: whether they renew their lease. Its age is measured by one
/// clock, that of the file system, and not believed if the clock of whoever wrote it says something else.
/// </summary>
internal static class LeaseJudgement
{
    /// <summary>What was not renewed for so long has lapsed.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>How often a lease is renewed.</summary>
    public static readonly TimeSpan Renewal = TimeSpan.FromMinutes(1);

    /// <summary>Within so long it shows whether a lease is renewed.</summary>
    public static readonly TimeSpan Watch = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan Grain = TimeSpan.FromSeconds(3);

    /// <param name="mark">What the lease says; null if that cannot be read.</param>
    /// <param name="age">Since it was renewed, by the clock of the file system.</param>
    /// <param name="ageByClocks">The same, by the clocks of whoever wrote it and of this machine; null if that cannot be read.</param>
    /// <param name="isRunning">Whether its process runs; null if that cannot be told from here.</param>
    /// <param name="here">Who judges.</param>
    public static LeaseState Judge(LeaseMark? mark, TimeSpan age, TimeSpan? ageByClocks, bool? isRunning, LeasePlace here)
    {
        if (mark is null ? IsOfBefore(age, here) && here.IsOfOneMachine : IsKnownToBeGone(mark, age, isRunning, here))
        {
            return LeaseState.Gone;
        }

        // A process that stands still is taken for dead as well; it finds out.
        return age > Longest ? LeaseState.Gone
            : isRunning != true && (age < -Grain || ageByClocks > Longest) ? LeaseState.Unclear
            : LeaseState.AtWork;
    }

    private static bool IsKnownToBeGone(LeaseMark mark, TimeSpan age, bool? isRunning, LeasePlace here) =>
        isRunning == false
        || (here.HoldsLock && IsSameWay(mark, here))
        || (mark.Machine is not null && mark.Machine == here.Machine && mark.Host == here.Host && mark.Process.Boot != here.Boot && IsOfBefore(age, here));

    /// <summary>Whether the lock that is held here is the one that the other would hold. On a disk of this machine what has another start is of an earlier one.</summary>
    private static bool IsSameWay(LeaseMark mark, LeasePlace here) =>
        mark.Door.Inode == here.Door.Inode && mark.Door.FileSystem == here.Door.FileSystem
        && (here.IsOfOneMachine || (mark.Door.Device == here.Door.Device && mark.Process.Boot is not null && mark.Process.Boot == here.Boot));

    /// <summary>Whether it was not renewed since this machine was started. One that is alive is, soon after.</summary>
    private static bool IsOfBefore(TimeSpan age, LeasePlace here) => age > here.UpTime - Grain;
}
