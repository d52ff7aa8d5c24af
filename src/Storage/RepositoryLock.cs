using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>The right to write into a repository.</summary>
internal sealed class RepositoryLock : ExclusiveLock
{
    private RepositoryLock(Layout layout, SafeFileHandle file, string? purpose, DateTimeOffset now)
        : base(layout, LeaseMark.WriteUse, file, purpose, now)
    {
    }

    /// <exception cref="UserError">Another run holds the lock (exit code 11).</exception>
    public static RepositoryLock Acquire(Layout layout, string purpose, DateTimeOffset now)
    {
        var taken = new RepositoryLock(layout, RegularFile.OpenOrCreate(layout.Lock, AtomicFile.FileMode), purpose, now);
        try
        {
            taken.Sign(purpose, now);
            return taken;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>The same, where there is a repository that may be written; null where not.</summary>
    /// <param name="layout">The repository.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="now">The time.</param>
    /// <param name="isExposed">Others could have put a file of root's there, which is not to be written to.</param>
    /// <exception cref="UserError">Another run holds the lock (exit code 11).</exception>
    public static RepositoryLock? AcquireIfThere(Layout layout, string purpose, DateTimeOffset now, bool isExposed)
    {
        if (Posix.StatusOrNull(layout.Lock) is null)
        {
            return null;
        }

        try
        {
            if (!isExposed)
            {
                return Acquire(layout, purpose, now);
            }

            // Nothing is written to it, then: by a link on the way it may be anybody's.
            var taken = new RepositoryLock(layout, RegularFile.Open(layout.Lock), purpose: null, now);
            try
            {
                Lease.RequireNobody(layout, LeaseMark.WriteUse, now);
                return taken;
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>Where a header is written before it is published: there, nobody can publish who lost the right to.</summary>
    public string? HeaderTemporary => Lease?.Temporary;

    /// <summary>The time by the clock of the file system, which is the one that files there have their times from.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public FileTime RenewedNow() => Lease?.Renew() ?? Posix.Status(File).Modified;

    /// <summary>Whether this run still has the right, as far as that is known without a look.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public void RequireNotKnownLost()
    {
        if (Lease is { IsKnownLost: true })
        {
            throw Lease.Lost();
        }
    }

    /// <summary>Says to other machines that files are about to be removed; false while one of them reads.</summary>
    public bool TryBeginDeleting() => Lease?.TryBeginDeleting() ?? true;

    public void EndDeleting() => Lease?.EndDeleting();

    /// <summary>Whether a text is what whoever holds the lock writes into it.</summary>
    public static bool IsHolder(string text) => text.Contains(", process ", StringComparison.Ordinal) && text.EndsWith(" UTC", StringComparison.Ordinal);

    /// <summary>Says in the file who holds the lock, for whoever finds it taken. The lock itself is the kernel's.</summary>
    private void Sign(string purpose, DateTimeOffset now)
    {
        try
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{purpose}, process {Environment.ProcessId}, since {now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
            Posix.Truncate(File, 0);
            Posix.Write(File, Encoding.UTF8.GetBytes(text));
        }
        catch (PosixError e) when (e.IsDiskFull)
        {
            // Rotation must work on a full disk; a signature is a courtesy.
        }
    }
}
