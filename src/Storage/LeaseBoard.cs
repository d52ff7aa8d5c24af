using System.Diagnostics;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Storage;

/// <summary>The leases of a repository as one of its users sees them.</summary>
internal sealed class LeaseBoard : IDisposable
{
    private readonly Lazy<string?> machine = new(() => MachineIdentity.Read());
    private readonly LeaseDirectory directory;

    private LeaseBoard(LeaseDirectory directory)
    {
        this.directory = directory;
        var status = directory.Status;
        Owner = status.Uid;
        Door = new LeaseDoor(directory.FileSystem, status.Device, status.Inode);
    }

    /// <summary>Who has the directory.</summary>
    public uint Owner { get; }

    /// <summary>By which way it is seen.</summary>
    public LeaseDoor Door { get; }

    public string? Machine => machine.Value;

    public LeaseDirectory Directory => directory;

    /// <summary>Whether one kernel alone has the file system: what is written there is seen by everybody without waiting for the disk.</summary>
    public bool IsOfOneMachine => FileSystemType.IsOfOneMachine(Door.FileSystem);

    /// <summary>Null if the repository has no leases.</summary>
    public static LeaseBoard? TryOpen(Layout layout) => LeaseDirectory.TryOpen(layout) is { } directory ? new LeaseBoard(directory) : null;

    /// <exception cref="PosixError">There can be none.</exception>
    public static LeaseBoard Make(Layout layout) => new(LeaseDirectory.Make(layout));

    /// <summary>Whether whoever wrote a lease still uses the repository.</summary>
    /// <param name="lease">Found here.</param>
    /// <param name="now">By the clock of the file system, as near as that is known.</param>
    /// <param name="clock">By the clock of this machine.</param>
    /// <param name="holdsLock">The kernel's lock is held that it would hold.</param>
    public LeaseState Judge(FoundLease lease, FileTime now, DateTimeOffset clock, bool holdsLock)
    {
        var here = new LeasePlace(Machine, Environment.MachineName, ProcessIdentity.Own.Boot, Door, IsOfOneMachine, holdsLock, ProcessIdentity.UpTime);
        return LeaseJudgement.Judge(lease.Mark, Age(lease, now), clock - lease.Mark?.RenewedAt, lease.Mark?.Process.IsRunning(), here);
    }

    public static TimeSpan Age(FoundLease lease, FileTime now)
    {
        const long aCentury = 3_155_760_000;
        var seconds = Int128.Clamp((Int128)now.Seconds - lease.RenewedAt.Seconds, -aCentury, aCentury);
        return TimeSpan.FromSeconds((long)seconds) + TimeSpan.FromTicks((now.Nanoseconds - lease.RenewedAt.Nanoseconds) / 100);
    }

    /// <summary>Looks whether a lease is renewed.</summary>
    /// <returns>False if it is gone, or was not renewed for longer than it may be.</returns>
    public bool IsRenewed(FoundLease lease)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < LeaseJudgement.Watch;)
        {
            if (directory.Find(lease.Token) is not { } now)
            {
                return false;
            }

            if (now.RenewedAt != lease.RenewedAt || now.Mark?.RenewedAt != lease.Mark?.RenewedAt)
            {
                return true;
            }

            Thread.Sleep(500);
        }

        return false;
    }

    public void Dispose() => directory.Dispose();
}
