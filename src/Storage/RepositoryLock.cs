using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The right to write into a repository; whoever writes asks for it as a parameter. A kernel lock, so that it ends with the
/// process however that ends. The file stays: deleting it would let two runs hold two different files.
/// </summary>
internal sealed class RepositoryLock : IDisposable
{
    private readonly SafeFileHandle file;

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
        taken.Sign(purpose, now);
        return taken;
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

            var taken = Take(RegularFile.OpenToChange(layout.Lock), layout);
            if (Posix.Status(taken.file) is { Uid: not 0, Links: 1 })
            {
                taken.Sign(purpose, now);
            }

            return taken;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    public void Dispose()
    {
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
            $"the repository {layout.Root} is in use by another run{holder}",
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
