using System.Diagnostics;
using System.Security.Cryptography;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The right to use a repository, for those whom a kernel lock does not tell of each other: another machine, another way to the same
/// directory. A small file that says who, written anew each minute while the process runs.
/// <para>
/// Everybody writes a lease first and looks at those of the others then: of two who come at once, one at least sees the other. Who takes over what
/// has lapsed removes that lease first. Whoever stood still meanwhile does not find its own any more, and may publish and remove nothing.
/// </para>
/// </summary>
internal sealed class Lease : IDisposable
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestYield = TimeSpan.FromSeconds(15);

    private readonly object changing = new();
    private readonly LeaseBoard board;
    private readonly Layout layout;
    private readonly long began = Stopwatch.GetTimestamp();
    private LeaseMark mark;
    private FileTime renewedAt;
    private bool hasEnded;
    private volatile bool isLost;

    private Lease(Layout layout, LeaseBoard board, string use, string purpose, DateTimeOffset now)
    {
        this.layout = layout;
        this.board = board;
        mark = new LeaseMark
        {
            Token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Use = use,
            Purpose = purpose,
            Host = Environment.MachineName,
            Machine = board.Machine,
            Process = ProcessIdentity.Own,
            Door = board.Door,
            Since = now,
            RenewedAt = now,
        };
        renewedAt = board.Directory.Add(mark.Token, Text(), sync: !board.IsOfOneMachine);
        new Thread(RenewUntilTheEnd, 256 * 1024) { Name = "lease", IsBackground = true }.Start();
    }

    /// <summary>Where a file is written that only the holder of this lease can publish: whoever takes the lease away removes it.</summary>
    public string Temporary => Path.Combine(layout.Leases, LeaseDirectory.TemporaryOf(mark.Token));

    /// <summary>Known without a look; set by the thread that renews it.</summary>
    public bool IsKnownLost => isLost;

    private DateTimeOffset Now => mark.Since + Stopwatch.GetElapsedTime(began);

    /// <summary>The right to do what one alone may do. The kernel's lock for that is held already.</summary>
    /// <param name="layout">The repository.</param>
    /// <param name="use">What that is: not reading.</param>
    /// <param name="purpose">For people.</param>
    /// <param name="now">The time.</param>
    /// <returns>Null where the disk is too full for a lease, and nobody else is there.</returns>
    /// <exception cref="UserError">Somebody else does (exit code 11).</exception>
    public static Lease? Alone(Layout layout, string use, string purpose, DateTimeOffset now)
    {
        Lease? lease = null;
        try
        {
            lease = new Lease(layout, LeaseBoard.Make(layout), use, purpose, now);
            lease.Agree();
            return lease;
        }
        catch (PosixError e) when (e.IsDiskFull && lease is null)
        {
            // Rotation must work on a full disk.
            RequireNobody(layout, use, now);
            return null;
        }
        catch
        {
            lease?.Dispose();
            throw;
        }
    }

    /// <summary>What keeps those from deleting who cannot see the kernel's lock of this reader.</summary>
    /// <returns>Null where there are no leases, or this user cannot write one: whoever reads needs no right to write.</returns>
    public static Lease? ToRead(Layout layout, string purpose, DateTimeOffset now)
    {
        if (LeaseBoard.TryOpen(layout) is not { } board)
        {
            return null;
        }

        try
        {
            if (board.Owner == Posix.EffectiveUser)
            {
                return new Lease(layout, board, LeaseMark.ReadUse, purpose, now);
            }
        }
        catch (PosixError)
        {
            // On a disk that is full or read-only.
        }

        board.Dispose();
        return null;
    }

    /// <summary>For whoever may write no lease there: refuses while somebody else has one for this.</summary>
    /// <exception cref="UserError">Somebody else has (exit code 11).</exception>
    public static void RequireNobody(Layout layout, string use, DateTimeOffset now)
    {
        using var board = LeaseBoard.TryOpen(layout);
        if (board?.Directory.Others(own: null, mayRemove: false)
            .Find(other => other.MayBe(use) && board.Judge(other, FileTime.From(now), now, other.Is(use)) != LeaseState.Gone) is { } other)
        {
            throw InUse(layout, use, other, FileTime.From(now));
        }
    }

    /// <summary>Whether somebody removes files now, whose kernel lock does not tell.</summary>
    public static bool IsBeingDeletedFrom(Layout layout, DateTimeOffset now)
    {
        using var board = LeaseBoard.TryOpen(layout);
        return board is not null && board.Directory.Others(own: null, mayRemove: false)
            .Exists(other => other.Mark is { IsDeleting: true } && board.Judge(other, FileTime.From(now), now, other.Is(LeaseMark.WriteUse)) != LeaseState.Gone);
    }

    /// <summary>Says that files are about to be removed, and looks whether somebody reads them.</summary>
    /// <returns>False if somebody does, so that nothing may be removed.</returns>
    public bool TryBeginDeleting()
    {
        SetDeleting(true);
        try
        {
            foreach (var other in board.Directory.Others(mark.Token, mayRemove: true).Where(other => other.MayRead))
            {
                if (!IsGone(other, other.Is(LeaseMark.ReadUse)))
                {
                    SetDeleting(false);
                    return false;
                }

                board.Directory.Remove(other.Token);
            }

            return true;
        }
        catch
        {
            SetDeleting(false);
            throw;
        }
    }

    /// <summary>Whether another process reads, copies or imports, on this machine or elsewhere, and may have a scratch directory.</summary>
    public bool HasScratchUsers() => HasScratchUsers(board, renewedAt, Now);

    /// <summary>The same, for whoever has no lease.</summary>
    public static bool HasScratchUsers(Layout layout, DateTimeOffset now)
    {
        using var board = LeaseBoard.TryOpen(layout);
        return board is not null && HasScratchUsers(board, FileTime.From(now), now);
    }

    public void EndDeleting()
    {
        try
        {
            SetDeleting(false);
        }
        catch (Exception e) when (e is UserError or PosixError)
        {
            // The lease is gone, or will be soon.
        }
    }

    /// <summary>Renews it now.</summary>
    /// <returns>The time, by the clock of the file system.</returns>
    /// <exception cref="UserError">It was taken away.</exception>
    public FileTime Renew()
    {
        lock (changing)
        {
            mark = mark with { RenewedAt = Now };
            renewedAt = board.Directory.Renew(mark.Token, Text(), sync: !board.IsOfOneMachine) ?? throw Lost();
            return renewedAt;
        }
    }

    /// <summary>Looks whether it is still there, before something is removed.</summary>
    /// <exception cref="UserError">It was taken away.</exception>
    public void Require()
    {
        if (!IsThere())
        {
            throw Lost();
        }
    }

    public bool IsThere() => !isLost && board.Directory.Has(mark.Token);

    /// <summary>The sentence for whoever stood still too long.</summary>
    public UserError Lost(Exception? cause = null)
    {
        isLost = true;
        return new UserError(
            ExitCode.Failed,
            $"the lease of this run on {layout.Root} was taken away: another run took it for dead, since it was not renewed for {LeaseJudgement.Longest.TotalMinutes:0} minutes",
            "nothing was published or removed after that; run it again. Was the machine asleep, or the process stopped?",
            cause)
        { KeepsWork = true };
    }

    public void Dispose()
    {
        lock (changing)
        {
            if (hasEnded)
            {
                return;
            }

            hasEnded = true;
            Monitor.PulseAll(changing);
            try
            {
                board.Directory.Remove(mark.Token);
            }
            catch (PosixError)
            {
                // It lapses by itself, and this process is gone.
            }

            board.Dispose();
        }
    }

    private static bool HasScratchUsers(LeaseBoard board, FileTime now, DateTimeOffset clock) => board.Directory.Others(own: null, mayRemove: false)
        .Exists(other => other.MayHaveScratch && other.Mark?.Process != ProcessIdentity.Own && board.Judge(other, now, clock, holdsLock: false) != LeaseState.Gone);

    private static UserError InUse(Layout layout, string use, FoundLease other, FileTime now) => new(
        ExitCode.Locked,
        $"{Taken(layout, use)} ({other.Holder})",
        $"wait for it to end; if it was killed, or its machine is gone, its lease lapses {LeaseJudgement.Longest.TotalMinutes:0} minutes after it was renewed last, which was {Units.Duration(TimeSpan.FromSeconds(Math.Max(0, Math.Round(LeaseBoard.Age(other, now).TotalSeconds))))} ago");

    /// <summary>The sentence for whoever finds that another does what one alone may do.</summary>
    public static string Taken(Layout layout, string use) => use switch
    {
        LeaseMark.WriteUse => $"the repository {layout.Root} is in use by another run",
        LeaseMark.CopyUse => $"another run is copying {layout.Root} to the second place",
        LeaseMark.ImportUse => $"another run is importing into {layout.Root}",
        _ => throw new NotSupportedException(use),
    };

    /// <summary>Removes the leases of those that are gone, until nobody else is left who does the same.</summary>
    private void Agree()
    {
        for (var started = Stopwatch.GetTimestamp(); ; Thread.Sleep(200))
        {
            var others = board.Directory.Others(mark.Token, mayRemove: true).FindAll(other => other.MayBe(mark.Use));
            others.FindAll(other => IsGone(other, other.Is(mark.Use))).ForEach(gone =>
            {
                board.Directory.Remove(gone.Token);
                others.Remove(gone);
            });
            if (others.Count == 0)
            {
                board.Directory.RemoveStrays(renewedAt.MinusMilliseconds((long)LeaseJudgement.Longest.TotalMilliseconds));
                return;
            }

            // Who came at the same time goes away, if its token is the later one.
            if (others.Find(other => string.CompareOrdinal(other.Token, mark.Token) < 0 || LeaseBoard.Age(other, renewedAt).Duration() > AtOnce) is { } stays)
            {
                throw InUse(layout, mark.Use, stays, renewedAt);
            }

            if (Stopwatch.GetElapsedTime(started) > LongestYield)
            {
                throw InUse(layout, mark.Use, others[0], renewedAt);
            }
        }
    }

    private bool IsGone(FoundLease other, bool holdsLock) => board.Judge(other, renewedAt, Now, holdsLock) switch
    {
        LeaseState.Gone => true,
        LeaseState.AtWork => false,
        LeaseState.Unclear => !board.IsRenewed(other),
        var state => throw new NotSupportedException(state.ToString()),
    };

    private void SetDeleting(bool isDeleting)
    {
        lock (changing)
        {
            mark = mark with { IsDeleting = isDeleting };
        }

        _ = Renew();
    }

    private void RenewUntilTheEnd()
    {
        lock (changing)
        {
            while (!hasEnded)
            {
                Monitor.Wait(changing, LeaseJudgement.Renewal);
                if (hasEnded)
                {
                    return;
                }

                try
                {
                    _ = Renew();
                }
                catch (UserError)
                {
                    return;
                }
                catch (PosixError)
                {
                    // The file system does not answer now; what comes next finds out whether the lease has lapsed.
                }
            }
        }
    }

    private byte[] Text() => SealedJson.Write(mark.Write);
}
