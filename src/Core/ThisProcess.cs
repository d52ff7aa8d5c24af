using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>What this process may use, and how it uses it.</summary>
internal static unsafe class ThisProcess
{
    /// <summary>The C library's sigset_t has 128 bytes.</summary>
    private const int LongsInSignalSet = 16;

    private const ulong InterruptAndTerminate = (1 << (2 - 1)) | (1 << (15 - 1));

    /// <summary>Columns of a terminal; 0 if it is none or does not say.</summary>
    public static int TerminalWidth(SafeFileHandle terminal)
    {
        const int getWindowSize = 0x5413;
        var size = stackalloc ushort[4];
        return PosixCalls.TerminalSize(Posix.Descriptor(terminal), getWindowSize, size) == 0 ? size[1] : 0;
    }

    /// <summary>
    /// Opens /dev/null as those of descriptors 0 to 2 that the parent left closed. To be called before any file is opened:
    /// otherwise a file of ours would get such a number, and messages would be written into it.
    /// </summary>
    /// <returns>Whether that could be done; if not, no file may be opened.</returns>
    public static bool FillDescriptors()
    {
        const int standardError = 2;
        fixed (byte* path = "/dev/null\0"u8)
        {
            int opened;
            do
            {
                opened = PosixCalls.OpenAt(0, path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
            }
            while (opened is >= 0 and <= standardError);
            return opened >= 0 && PosixCalls.Close(opened) == 0;
        }
    }

    /// <summary>Closes what the parent left open above standard error. To be called before any file is opened.</summary>
    public static void CloseDescriptors() => ForInherited(0, descriptor => PosixCalls.Close(descriptor));

    /// <summary>Children get nothing that the parent left open above standard error. To be called before any file is opened.</summary>
    public static void KeepDescriptorsFromChildren()
    {
        const nuint closeOnExec = 4;
        const int setFlags = 2, flag = 1;
        ForInherited(closeOnExec, descriptor => PosixCalls.Control(descriptor, setFlags, flag));
    }

    /// <summary>
    /// This thread, and those that it starts, do not take SIGINT and SIGTERM any more: the kernel would choose the first thread for them,
    /// and nobody would hear of one while that waits for a file system that does not answer. The runtime has threads that take them.
    /// </summary>
    public static void LeaveSignalsToTheRuntime()
    {
        const int block = 0;
        var set = stackalloc ulong[LongsInSignalSet];
        set[0] = InterruptAndTerminate;
        _ = PosixCalls.MaskSignals(block, set, null);
    }

    /// <summary>Starts a program, which would otherwise never hear of the signals that this thread does not take.</summary>
    public static void StartWithSignals(Func<bool> start)
    {
        const int unblock = 1, replace = 2;
        ulong* set = stackalloc ulong[LongsInSignalSet], before = stackalloc ulong[LongsInSignalSet];
        set[0] = InterruptAndTerminate;
        _ = PosixCalls.MaskSignals(unblock, set, before);
        try
        {
            start();
        }
        finally
        {
            _ = PosixCalls.MaskSignals(replace, before, null);
        }
    }

    /// <summary>Ends it at once, without a look at threads that hang.</summary>
    public static void End(int code) => PosixCalls.Exit(code);

    /// <summary>Lets the kernel end this process when its parent ends. Changing the user takes that back.</summary>
    /// <param name="parent">The parent's process ID.</param>
    /// <param name="signal">What it ends by.</param>
    /// <returns>False if the parent had ended before.</returns>
    public static bool EndWithParent(string parent, nuint signal)
    {
        const int tellOfParentsDeath = 1;
        _ = PosixCalls.ProcessControl(tellOfParentsDeath, signal);
        return PosixCalls.ParentProcess().ToString(CultureInfo.InvariantCulture) == parent;
    }

    public static void ChangeDirectory(SafeFileHandle directory) => Posix.Check(PosixCalls.ChangeDirectory(Posix.Descriptor(directory)));

    /// <summary>
    /// Lets the C library give each large block back as soon as it is freed: compressors come and go with every few
    /// megabytes, and what they leave behind in the heap would add up. And lets all threads share one heap: each would reserve
    /// 64 MiB of addresses for its own, which where those are limited is all there is. Only glibc knows the words; others need
    /// them not.
    /// </summary>
    public static void KeepMemorySmall()
    {
        const int directThreshold = -3;
        const int mostHeaps = -8;
        _ = PosixCalls.TuneAllocator(directThreshold, 64 * 1024);
        _ = PosixCalls.TuneAllocator(mostHeaps, 1);
    }

    /// <summary>
    /// How many of this many files may be open at once and leave enough to everything else; at least one. What the process was
    /// given at first is raised to what it may have: it is kept low for programs that use select, which this one does not.
    /// </summary>
    public static int ShareOfOpenFiles(int wanted)
    {
        const int openFiles = 7;
        const ulong share = 4;
        var limit = stackalloc ulong[2];
        if (PosixCalls.Limit(openFiles, limit) != 0)
        {
            return wanted;
        }

        var given = limit[0];
        if (given < limit[1])
        {
            limit[0] = limit[1];
            given = PosixCalls.SetLimit(openFiles, limit) == 0 ? limit[1] : given;
        }

        return (int)Math.Clamp(given / share, 1, (ulong)wanted);
    }

    /// <summary>Bytes of addresses that this process may use (RLIMIT_AS); <see cref="ulong.MaxValue"/> for any.</summary>
    public static ulong AddressSpace()
    {
        const int addressSpace = 9;
        var limit = stackalloc ulong[2];
        return PosixCalls.Limit(addressSpace, limit) == 0 ? limit[0] : ulong.MaxValue;
    }

    /// <summary>New files get exactly the mode they ask for, less these bits, whatever the caller's umask was.</summary>
    public static void SetCreationMask(int mask) => _ = PosixCalls.SetCreationMask((uint)mask);

    /// <summary>Memory of its own from the kernel, all zeros.</summary>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public static void* MapMemory(nuint bytes)
    {
        const int readWrite = 3, privateAnonymous = 0x22;
        var memory = PosixCalls.Map(null, bytes, readWrite, privateAnonymous, -1, 0);
        return (nint)memory == -1 ? throw new InsufficientMemoryException() : memory;
    }

    public static void UnmapMemory(void* memory, nuint bytes) => _ = PosixCalls.Unmap(memory, bytes);

    /// <summary>close_range(2) with these flags; where the kernel has no such call or flag (before Linux 5.11), or a sandbox refuses it, one by one.</summary>
    private static void ForInherited(nuint flags, Func<int, int> otherwise)
    {
        const int closeRange = 436, first = 3;
        if (PosixCalls.Call(closeRange, first, uint.MaxValue, flags) != 0)
        {
            InheritedDescriptors(first).ForEach(descriptor => _ = otherwise(descriptor));
        }
    }

    private static List<int> InheritedDescriptors(int first)
    {
        using var directory = Posix.OpenDirectory(Posix.Here, "/proc/self/fd"u8);
        return [.. DirectoryNames.Read(directory).Select(name => int.Parse(name, CultureInfo.InvariantCulture)).Where(number => number >= first && number != Posix.Descriptor(directory))];
    }
}
