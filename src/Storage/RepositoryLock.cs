using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The right to write into a repository; whoever writes asks for it as a parameter. A kernel lock, so that it ends with the
/// process however that ends. The file stays: deleting it would let two runs hold two different files. And a <see cref="Lease"/>, for those whom
/// that lock does not reach.
/// </summary>
internal sealed class RepositoryLock : IDisposable
{
    private readonly SafeFileHandle file;
    private Lease? lease;

    private RepositoryLock(SafeFileHandle file, Layout layout)
    {
        this.file = file;
        Layout = layout;
    }

    /// <summary>The repository that may be written.</summary>
    public Layout Layout { get; }

    /// <exception cref="UserError">Another run holds the lock (exit code 11).</exception>
    public static RepositoryLock Acquire(Layout layout, string purpose, DateTimeOffset now)
    {
        var taken = Take(RegularFile.OpenOrCreate(layout.Lock, AtomicFile.FileMode), layout);
        try
        {
            taken.lease = Lease.Alone(layout, LeaseMark.WriteUse, purpose, now);
            taken.Sign(purpose, now);
            layout.SeeAnew();
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
            var taken = Take(RegularFile.Open(layout.Lock), layout);
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
    public string? HeaderTemporary => lease?.Temporary;

    /// <summary>The time by the clock of the file system, which is the one that files there have their times from.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public FileTime RenewedNow() => lease?.Renew() ?? Posix.Status(file).Modified;

    /// <summary>Looks whether this run still has the right to remove something.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public void Require() => lease?.Require();

    /// <summary>The same as far as it is known without a look.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public void RequireNotKnownLost()
    {
        if (lease is { IsKnownLost: true })
        {
            throw lease.Lost();
        }
    }

    /// <summary>Why something failed, if it is because another run took this one for dead; null if it is not.</summary>
    public UserError? Lost(Exception error)
    {
        try
        {
            return lease is not null && !lease.IsThere() ? lease.Lost(error) : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>Says to other machines that files are about to be removed; false while one of them reads.</summary>
    public bool TryBeginDeleting() => lease?.TryBeginDeleting() ?? true;

    /// <summary>Whether somebody may have a scratch directory of whom no kernel lock needs to tell.</summary>
    public bool HasScratchUsers() => lease?.HasScratchUsers() ?? false;

    public void EndDeleting() => lease?.EndDeleting();

    public void Dispose()
    {
        lease?.Dispose();
        if (!file.IsClosed)
        {
            FileLock.GiveBack(file);
            file.Dispose();
        }
    }

    private static RepositoryLock Take(SafeFileHandle file, Layout layout)
    {
        if (FileLock.TryTake(file, exclusive: true))
        {
            return new RepositoryLock(file, layout);
        }

        var holder = Holder(file);
        file.Dispose();
        throw new UserError(
            ExitCode.Locked,
            $"{Lease.Taken(layout, LeaseMark.WriteUse)}{holder}",
            "wait for it to end; the lock ends with that process by itself");
    }

    /// <summary>Says in the file who holds the lock, for whoever finds it taken. The lock itself is the kernel's.</summary>
    private void Sign(string purpose, DateTimeOffset now)
    {
        try
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{purpose}, process {Environment.ProcessId}, since {now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
            Posix.Truncate(file, 0);
            Posix.Write(file, Encoding.UTF8.GetBytes(text));
        }
        catch (PosixError e) when (e.IsDiskFull)
        {
            // Rotation must work on a full disk; a signature is a courtesy.
        }
    }

    private static string Holder(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[200];
        var length = Posix.ReadAt(file, text, 0);
        return length == 0 ? "" : $" ({Encoding.UTF8.GetString(text[..length])})";
    }
}
