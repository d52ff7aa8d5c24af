using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Files and directories the way the kernel has them: names are bytes, everything is opened relative to a directory's
/// descriptor, links are never followed unless said. Every failure is a <see cref="PosixError"/>.
/// </summary>
[SkipLocalsInit]
internal static unsafe class Posix
{
    private const int AtCurrentDirectory = -100;
    private const int AtNoFollow = 0x100;
    private const int AtForceSync = 0x2000;
    private const int AtRemoveDirectory = 0x200;
    private const int AtEmptyPath = 0x1000;
    private const uint StatxBasicBornAndMount = 0x1fff;
    private const int LongestPath = 4096;

    /// <summary>Paths are given from here: the current directory (absolute paths do not care).</summary>
    public static SafeFileHandle Here { get; } = new(AtCurrentDirectory, ownsHandle: false);

    /// <summary>The same, for whoever disposes of it.</summary>
    public static SafeFileHandle NewHere() => new(AtCurrentDirectory, ownsHandle: false);

    public static bool IsRoot => PosixCalls.EffectiveUser() == 0;

    public static uint EffectiveUser => PosixCalls.EffectiveUser();

    /// <summary>A path of ours as the kernel takes it.</summary>
    public static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path);

    /// <summary>Opens a directory. With <paramref name="follow"/> false a symlink in the last place is refused (ELOOP or ENOTDIR).</summary>
    public static SafeFileHandle OpenDirectory(SafeFileHandle dir, ReadOnlySpan<byte> name, bool follow = false) =>
        Open(dir, name, OpenFlags.Directory | (follow ? 0 : OpenFlags.NoFollow), 0);

    /// <summary>Opens a directory to give names from, which the right to search it is enough for. It can be neither listed nor synced.</summary>
    public static SafeFileHandle OpenWay(SafeFileHandle dir, ReadOnlySpan<byte> name) =>
        Open(dir, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.Place, 0);

    /// <summary>Opens for reading. Never follows a link in the last place and never waits for the writer of a FIFO.</summary>
    public static SafeFileHandle OpenToRead(SafeFileHandle dir, ReadOnlySpan<byte> name, bool follow = false) =>
        Open(dir, name, OpenFlags.NonBlocking | (follow ? 0 : OpenFlags.NoFollow), 0);

    /// <summary>Makes a new file for reading and writing; fails if the name is taken, and leaves nothing where it fails. The mode holds whatever the umask, where files have modes.</summary>
    public static SafeFileHandle CreateNew(SafeFileHandle dir, ReadOnlySpan<byte> name, int mode)
    {
        var file = Open(dir, name, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, (uint)mode);
        try
        {
            SetModeIfPlaceCan(file, mode);
            return file;
        }
        catch (PosixError)
        {
            file.Dispose();
            Remove(dir, name);
            throw;
        }
    }

    /// <summary>Opens for reading and writing, making the file if it is not there.</summary>
    public static SafeFileHandle OpenOrCreate(SafeFileHandle dir, ReadOnlySpan<byte> name, int mode) =>
        Open(dir, name, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow, (uint)mode);

    /// <summary>Opens for reading and writing what is there already. Never waits for the other end of a FIFO.</summary>
    public static SafeFileHandle OpenToChange(SafeFileHandle dir, ReadOnlySpan<byte> name) => Open(dir, name, OpenFlags.ReadWrite | OpenFlags.NonBlocking | OpenFlags.NoFollow, 0);

    /// <summary>Opens to write at the end, wherever that is at each write, making the file if it is not there. Never waits for the reader of a FIFO.</summary>
    public static SafeFileHandle OpenToAppend(SafeFileHandle dir, ReadOnlySpan<byte> name, int mode) =>
        Open(dir, name, OpenFlags.WriteOnly | OpenFlags.Append | OpenFlags.Create | OpenFlags.NonBlocking | OpenFlags.NoFollow, (uint)mode);

    public static FileStatus Status(SafeFileHandle file) => Status(file, default, AtEmptyPath);

    /// <summary>Looks at a name without following a link in the last place.</summary>
    public static FileStatus StatusAt(SafeFileHandle dir, ReadOnlySpan<byte> name) => Status(dir, name, AtNoFollow);

    /// <summary>The same, asked of the file system again: FUSE remembers for a second what another name of the file has changed since.</summary>
    public static FileStatus StatusAsked(SafeFileHandle dir, ReadOnlySpan<byte> name) => Status(dir, name, AtNoFollow | AtForceSync);

    /// <summary>Looks at a path, following links; null if there is nothing.</summary>
    public static FileStatus? StatusOrNull(string path)
    {
        try
        {
            return Status(Here, Bytes(path), 0);
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory)
        {
            return null;
        }
    }

    /// <summary>Reads from <paramref name="offset"/> until the buffer is full or the file ends; returns the count.</summary>
    public static int ReadAt(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        var done = 0;
        fixed (byte* p = buffer)
        {
            while (done < buffer.Length)
            {
                var n = PosixCalls.ReadAt(Descriptor(file), p + done, (nuint)(buffer.Length - done), offset + done);
                if (n < 0 && Marshal.GetLastPInvokeError() == PosixError.Interrupted)
                {
                    continue;
                }

                if (Check(n) == 0)
                {
                    break;
                }

                done += (int)n;
            }
        }

        return done;
    }

    /// <summary>Writes all of it at the current place.</summary>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var n = PosixCalls.Write(Descriptor(file), p + done, (nuint)(bytes.Length - done));
                if (n < 0 && Marshal.GetLastPInvokeError() == PosixError.Interrupted)
                {
                    continue;
                }

                done += (int)Check(n);
            }
        }
    }

    /// <summary>Writes all of it at <paramref name="offset"/>.</summary>
    public static void WriteAt(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* p = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var n = PosixCalls.WriteAt(Descriptor(file), p + done, (nuint)(bytes.Length - done), offset + done);
                if (n < 0 && Marshal.GetLastPInvokeError() == PosixError.Interrupted)
                {
                    continue;
                }

                done += (int)Check(n);
            }
        }
    }

    /// <summary>The first byte at or after <paramref name="offset"/> that is data; -1 if only a hole follows.</summary>
    public static long SeekData(SafeFileHandle file, long offset)
    {
        var found = PosixCalls.Seek(Descriptor(file), offset, 3);
        return found < 0 && Marshal.GetLastPInvokeError() == 6 ? -1 : Check(found);
    }

    /// <summary>The beginning of the first hole at or after <paramref name="offset"/>; the end of the file counts as one.</summary>
    public static long SeekHole(SafeFileHandle file, long offset) => Check(PosixCalls.Seek(Descriptor(file), offset, 4));

    public static void Truncate(SafeFileHandle file, long length) => Check(PosixCalls.Truncate(Descriptor(file), length));

    /// <summary>Returns when the file's content and size are on disk.</summary>
    public static void Sync(SafeFileHandle file) => Check(PosixCalls.Sync(Descriptor(file)));

    /// <summary>Tells the kernel that the file is read from front to back. A hint: failure is no failure.</summary>
    public static void AdviseSequential(SafeFileHandle file) => _ = PosixCalls.Advise(Descriptor(file), 0, 0, 2);

    /// <summary>Lets the kernel forget what it holds of a file that is on disk, so that it is read from there. A hint, too.</summary>
    public static void AdviseUncached(SafeFileHandle file) => _ = PosixCalls.Advise(Descriptor(file), 0, 0, 4);

    /// <summary>Lets the disk begin with what was written in a range, so that less is left to wait for when the file is synced. A hint, too.</summary>
    public static void StartWriting(SafeFileHandle file, long offset, long length) => _ = PosixCalls.SyncFileRange(Descriptor(file), offset, length, 2);

    public static byte[] ReadLink(SafeFileHandle dir, ReadOnlySpan<byte> name)
    {
        Span<byte> path = stackalloc byte[LongestPath];
        var target = new byte[LongestPath];
        fixed (byte* p = Terminated(name, path), t = target)
        {
            return target[..(int)Check(PosixCalls.ReadLinkAt(Descriptor(dir), p, t, LongestPath))];
        }
    }

    /// <summary>Makes a directory; the caller gives it its final mode through <see cref="SetMode"/>.</summary>
    public static void MakeDirectory(SafeFileHandle dir, ReadOnlySpan<byte> name, int mode)
    {
        using var above = LinklessNames.Above(dir, ref name);
        Span<byte> path = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path))
        {
            Check(PosixCalls.MakeDirectoryAt(Descriptor(above ?? dir), p, (uint)mode));
        }
    }

    public static void MakeSymlink(SafeFileHandle dir, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        Span<byte> path = stackalloc byte[LongestPath];
        Span<byte> text = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path), t = Terminated(target, text))
        {
            Check(PosixCalls.SymlinkAt(t, Descriptor(dir), p));
        }
    }

    public static void MakeLink(SafeFileHandle fromDir, ReadOnlySpan<byte> from, SafeFileHandle dir, ReadOnlySpan<byte> name)
    {
        using var fromAbove = LinklessNames.Above(fromDir, ref from);
        using var above = LinklessNames.Above(dir, ref name);
        Span<byte> path = stackalloc byte[LongestPath];
        Span<byte> old = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path), o = Terminated(from, old))
        {
            Check(PosixCalls.LinkAt(Descriptor(fromAbove ?? fromDir), o, Descriptor(above ?? dir), p, 0));
        }
    }

    public static void Remove(SafeFileHandle dir, ReadOnlySpan<byte> name, bool directory = false)
    {
        using var above = LinklessNames.Above(dir, ref name);
        Span<byte> path = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path))
        {
            Check(PosixCalls.UnlinkAt(Descriptor(above ?? dir), p, directory ? AtRemoveDirectory : 0));
        }
    }

    /// <summary>Renames within one file system, in one instant; how says what happens when the new name is taken.</summary>
    public static void Rename(
        SafeFileHandle fromDir, ReadOnlySpan<byte> from, SafeFileHandle toDir, ReadOnlySpan<byte> to, RenameHow how = RenameHow.Replace)
    {
        using var fromAbove = LinklessNames.Above(fromDir, ref from);
        using var toAbove = LinklessNames.Above(toDir, ref to);
        Span<byte> oldPath = stackalloc byte[LongestPath];
        Span<byte> newPath = stackalloc byte[LongestPath];
        fixed (byte* o = Terminated(from, oldPath), n = Terminated(to, newPath))
        {
            Check(PosixCalls.RenameAt(Descriptor(fromAbove ?? fromDir), o, Descriptor(toAbove ?? toDir), n, (uint)how));
        }
    }

    /// <summary>Sets the mode; that the place has none, or lets nobody choose, is no error.</summary>
    public static void SetModeIfPlaceCan(SafeFileHandle file, int mode)
    {
        try
        {
            SetMode(file, mode);
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
        }
    }

    public static void SetMode(SafeFileHandle file, int mode) => Check(PosixCalls.ChangeMode(Descriptor(file), (uint)mode));

    /// <summary>Sets the mode of a file or directory that cannot be opened as it is. Not for what may be a link: it would be followed.</summary>
    public static void SetModeAt(SafeFileHandle dir, ReadOnlySpan<byte> name, int mode)
    {
        Span<byte> path = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path))
        {
            Check(PosixCalls.ChangeModeAt(Descriptor(dir), p, (uint)mode, 0));
        }
    }

    /// <summary>Sets owner and group of a name, not following a link.</summary>
    public static void SetOwner(SafeFileHandle dir, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        Span<byte> path = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path))
        {
            Check(PosixCalls.ChangeOwnerAt(Descriptor(dir), p, uid, gid, name.IsEmpty ? AtEmptyPath : AtNoFollow));
        }
    }

    /// <summary>Sets access and modification time of a name, not following a link.</summary>
    public static void SetModified(SafeFileHandle dir, ReadOnlySpan<byte> name, FileTime modified)
    {
        Span<byte> path = stackalloc byte[LongestPath];
        var times = stackalloc PosixCalls.TimeSpec[2];
        times[0] = times[1] = new PosixCalls.TimeSpec { Seconds = modified.Seconds, Nanoseconds = modified.Nanoseconds };
        fixed (byte* p = Terminated(name, path))
        {
            Check(PosixCalls.SetTimesAt(Descriptor(dir), p, times, AtNoFollow));
        }
    }

    /// <summary>Sets access and modification time of an open file or directory.</summary>
    public static void SetModified(SafeFileHandle file, FileTime modified)
    {
        var times = stackalloc PosixCalls.TimeSpec[2];
        times[0] = times[1] = new PosixCalls.TimeSpec { Seconds = modified.Seconds, Nanoseconds = modified.Nanoseconds };
        Check(PosixCalls.SetTimes(Descriptor(file), times));
    }

    /// <summary>Sets both times to the present, by the clock of the file system.</summary>
    public static void Touch(SafeFileHandle file) => Check(PosixCalls.SetTimes(Descriptor(file), null));

    /// <summary>Why we may not use a path so, links followed; null if we may.</summary>
    public static PosixError? Refusal(string path, AccessKind kind)
    {
        const int effectiveUser = 0x200;
        Span<byte> text = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(Bytes(path), text))
        {
            return PosixCalls.AccessAt(AtCurrentDirectory, p, (int)kind, effectiveUser) < 0 ? new PosixError(Marshal.GetLastPInvokeError()) : null;
        }
    }

    /// <summary>Space of the file system that holds a path.</summary>
    public static FileSystemSpace Space(string path)
    {
        PosixCalls.FileSystemBuffer buffer;
        Span<byte> text = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(Bytes(path), text))
        {
            Check(PosixCalls.FileSystemOf(p, &buffer));
        }

        return FileSystemSpace.Of(buffer.FragmentSize, buffer.Blocks, buffer.BlocksFree, buffer.BlocksAvailable, (buffer.Flags & 1) != 0, buffer.Id);
    }

    /// <summary>Whether there is something to read within the time: a byte, or the end.</summary>
    public static bool HasInput(SafeFileHandle file, int milliseconds)
    {
        var request = new PosixCalls.PollRequest { Descriptor = Descriptor(file), Events = 1 };
        return PosixCalls.Poll(&request, 1, milliseconds) > 0;
    }

    private static FileStatus Status(SafeFileHandle dir, ReadOnlySpan<byte> name, int flags)
    {
        using var above = LinklessNames.Above(dir, ref name);
        PosixCalls.StatxBuffer s;
        Span<byte> path = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path))
        {
            Check(PosixCalls.Statx(Descriptor(above ?? dir), p, above is null ? flags : AtNoFollow, StatxBasicBornAndMount, &s));
        }

        return FileStatus.Of(s);
    }

    private static SafeFileHandle Open(SafeFileHandle dir, ReadOnlySpan<byte> name, int flags, uint mode)
    {
        using var above = LinklessNames.Above(dir, ref name);
        Span<byte> path = stackalloc byte[LongestPath];
        fixed (byte* p = Terminated(name, path))
        {
            while (true)
            {
                var fd = PosixCalls.OpenAt(Descriptor(above ?? dir), p, flags | OpenFlags.CloseOnExec, mode);
                if (fd >= 0)
                {
                    return new SafeFileHandle(fd, ownsHandle: true);
                }

                var number = Marshal.GetLastPInvokeError();
                if (number is PosixError.TooManyFiles or PosixError.TooManyFilesInAll)
                {
                    // Whoever catches what is wrong with a file would blame the file, and go on without it.
                    throw UserError.Failed("too many files are open to open another", number == PosixError.TooManyFiles ? "raise 'ulimit -n'" : "raise the kernel's fs.file-max");
                }

                if (number != PosixError.Interrupted)
                {
                    throw new PosixError(number);
                }
            }
        }
    }

    internal static int Descriptor(SafeFileHandle file)
    {
        ObjectDisposedException.ThrowIf(file.IsClosed, file);
        return (int)file.DangerousGetHandle();
    }

    /// <summary>The name with the zero byte that ends it for the kernel. A name that holds one is no name.</summary>
    private static Span<byte> Terminated(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.Length >= LongestPath || name.Contains((byte)0))
        {
            throw new PosixError(name.Length >= LongestPath ? 36 : PosixError.Invalid);
        }

        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return buffer;
    }

    internal static long Check(long result) => result < 0 ? throw new PosixError(Marshal.GetLastPInvokeError()) : result;
}
