using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The right to do with a repository what one run at a time may do. Each such use is a type of its own: whoever does it asks for that as a parameter. A kernel
/// lock, so that it ends with the process however that ends, and a <see cref="Storage.Lease"/>, for those whom that lock does not reach.
/// </summary>
internal abstract class ExclusiveLock : IDisposable
{
    /// <param name="layout">The repository.</param>
    /// <param name="use">What it is used for.</param>
    /// <param name="file">What is locked. It stays: deleting it would let two runs hold two different files.</param>
    /// <param name="purpose">For people; null to have no lease.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="UserError">Another run does that (exit code 11).</exception>
    protected ExclusiveLock(Layout layout, string use, SafeFileHandle file, string? purpose, DateTimeOffset now)
    {
        (Layout, File) = (layout, file);
        try
        {
            if (!FileLock.TryTake(file, exclusive: true))
            {
                throw new UserError(ExitCode.Locked, $"{Lease.Taken(layout, use)}{Holder(file)}", "wait for it to end; the lock ends with that process by itself");
            }

            Lease = purpose is null ? null : Lease.Alone(layout, use, purpose, now);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The repository.</summary>
    public Layout Layout { get; }

    protected SafeFileHandle File { get; }

    protected Lease? Lease { get; }

    /// <summary>Looks whether this run still has the right.</summary>
    /// <exception cref="UserError">Another run took this one for dead.</exception>
    public void Require() => Lease?.Require();

    /// <summary>Why something failed, if it is because another run took this one for dead; null if it is not.</summary>
    public UserError? Lost(Exception error)
    {
        try
        {
            return Lease is not null && !Lease.IsThere() ? Lease.Lost(error) : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>Whether somebody may have a scratch directory in the repository of whom no kernel lock needs to tell.</summary>
    public bool HasScratchUsers() => Lease?.HasScratchUsers() ?? false;

    public void Dispose()
    {
        Lease?.Dispose();
        if (!File.IsClosed)
        {
            FileLock.GiveBack(File);
            File.Dispose();
        }
    }

    /// <summary>Takes one, and says what is wrong where nothing can be written.</summary>
    protected static T Take<T>(Layout layout, Func<T> take)
    {
        try
        {
            return take();
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(layout.Root, e);
        }
    }

    /// <summary>What whoever has it wrote there, if it is a file.</summary>
    private static string Holder(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[200];
        var length = Posix.Status(file).IsRegular ? Posix.ReadAt(file, text, 0) : 0;
        return length == 0 ? "" : $" ({Encoding.UTF8.GetString(text[..length])})";
    }
}
