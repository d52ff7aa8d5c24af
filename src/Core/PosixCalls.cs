using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace VertexAr.Backup.Core;

/// <summary>The C library as it is. <see cref="Posix"/> is the face that the rest sees.</summary>
internal static unsafe partial class PosixCalls
{
    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    internal static partial int OpenAt(int dir, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    /// <summary>A call that older C libraries have no name for, with three numbers.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Call(nint number, nuint first, nuint second, nuint third);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    internal static partial int ParentProcess();

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    internal static partial int MaskSignals(int how, ulong* set, ulong* old);

    [LibraryImport("libc", EntryPoint = "_exit")]
    internal static partial void Exit(int code);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    internal static partial int ProcessControl(int option, nuint argument);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true)]
    internal static partial int Execute(byte* program, byte** words);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    internal static partial int Statx(int dir, byte* path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    internal static partial nint GetDents(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint WriteAt(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "futimens", SetLastError = true)]
    internal static partial int SetTimes(int fd, TimeSpec* times);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    internal static partial long Seek(int fd, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int fd, long length);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(int fd);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    internal static partial int SyncFileSystem(int fd);

    [LibraryImport("libc", EntryPoint = "sync")]
    internal static partial void SyncAll();

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    internal static partial int Advise(int fd, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    internal static partial int SyncFileRange(int fd, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial void* Map(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    internal static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    internal static partial nint ReadLinkAt(int dir, byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
    internal static partial int MakeDirectoryAt(int dir, byte* path, uint mode);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
    internal static partial int SymlinkAt(byte* target, int dir, byte* path);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
    internal static partial int LinkAt(int oldDir, byte* oldPath, int newDir, byte* newPath, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    internal static partial int UnlinkAt(int dir, byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    internal static partial int RenameAt(int oldDir, byte* oldPath, int newDir, byte* newPath, uint flags);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int ChangeMode(int fd, uint mode);

    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
    internal static partial int ChangeModeAt(int dir, byte* path, uint mode, int flags);

    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
    internal static partial int ChangeOwnerAt(int dir, byte* path, uint uid, uint gid, int flags);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
    internal static partial int SetTimesAt(int dir, byte* path, TimeSpec* times, int flags);

    [LibraryImport("libc", EntryPoint = "flistxattr", SetLastError = true)]
    internal static partial nint ListAttributesOf(int fd, byte* names, nuint size);

    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true)]
    internal static partial nint ListAttributes(byte* path, byte* names, nuint size);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    internal static partial nint ListOwnAttributes(byte* path, byte* names, nuint size);

    [LibraryImport("libc", EntryPoint = "fgetxattr", SetLastError = true)]
    internal static partial nint GetAttributeOf(int fd, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true)]
    internal static partial nint GetAttribute(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    internal static partial nint GetOwnAttribute(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "fsetxattr", SetLastError = true)]
    internal static partial int SetAttributeOf(int fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true)]
    internal static partial int SetAttribute(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true)]
    internal static partial int SetOwnAttribute(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "fremovexattr", SetLastError = true)]
    internal static partial int RemoveAttributeOf(int fd, byte* name);

    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
    internal static partial int MakeNodeAt(int dir, byte* path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    internal static partial int Lock(int fd, int operation);

    [LibraryImport("libc", EntryPoint = "fchdir", SetLastError = true)]
    internal static partial int ChangeDirectory(int fd);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int ControlLock(int fd, int command, RecordLock* recordLock);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int fd, int command, nint value);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true)]
    internal static partial int FileSystemOf(byte* path, FileSystemBuffer* buffer);

    /// <summary>struct statfs has 120 bytes on 64-bit Linux; the first eight are the type.</summary>
    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    internal static partial int FileSystemTypeOf(int fd, ulong* buffer);

    [LibraryImport("libc", EntryPoint = "faccessat", SetLastError = true)]
    internal static partial int AccessAt(int dir, byte* path, int mode, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getuid")]
    internal static partial uint RealUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    internal static partial uint EffectiveGroup();

    [LibraryImport("libc", EntryPoint = "getgroups", SetLastError = true)]
    internal static partial int SupplementaryGroups(int size, uint* groups);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    internal static partial int SetGroups(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    internal static partial int SetUsers(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "initgroups", SetLastError = true)]
    internal static partial int InitGroups(byte* user, uint gid);

    [LibraryImport("libc", EntryPoint = "setgroups", SetLastError = true)]
    internal static partial int SetSupplementaryGroups(nuint count, uint* groups);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    internal static partial int UserById(uint uid, AccountBuffer* account, byte* text, nuint size, AccountBuffer** result);

    [LibraryImport("libc", EntryPoint = "getgrgid_r")]
    internal static partial int GroupById(uint gid, AccountBuffer* account, byte* text, nuint size, AccountBuffer** result);

    [LibraryImport("libc", EntryPoint = "getpwnam_r")]
    internal static partial int UserByName(byte* name, AccountBuffer* account, byte* text, nuint size, AccountBuffer** result);

    [LibraryImport("libc", EntryPoint = "getgrnam_r")]
    internal static partial int GroupByName(byte* name, AccountBuffer* account, byte* text, nuint size, AccountBuffer** result);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollRequest* requests, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int TerminalSize(int fd, nuint request, ushort* rowsAndColumns);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    internal static partial int Limit(int resource, ulong* currentAndMost);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    internal static partial int SetLimit(int resource, ulong* currentAndMost);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    internal static partial int TuneAllocator(int parameter, int value);

    [LibraryImport("libc", EntryPoint = "umask")]
    internal static partial uint SetCreationMask(uint mask);

    /// <summary>struct statx of linux/stat.h; the same on every architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct StatxBuffer
    {
        internal uint Mask;
        internal uint BlockSize;
        internal ulong Attributes;
        internal uint Links;
        internal uint Uid;
        internal uint Gid;
        internal ushort Mode;
        internal ushort Spare;
        internal ulong Inode;
        internal ulong Size;
        internal ulong Blocks;
        internal ulong AttributesMask;
        internal StatxTime Accessed;
        internal StatxTime Born;
        internal StatxTime Changed;
        internal StatxTime Modified;
        internal uint SpecialMajor;
        internal uint SpecialMinor;
        internal uint DeviceMajor;
        internal uint DeviceMinor;
        internal ulong MountId;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct StatxTime
    {
        internal long Seconds;
        internal uint Nanoseconds;
        internal int Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TimeSpec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollRequest
    {
        internal int Descriptor;
        internal short Events;
        internal short Happened;
    }

    /// <summary>struct flock of fcntl.h on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RecordLock
    {
        internal short Type;
        internal short Whence;
        internal long Start;
        internal long Length;
        internal int Process;
    }

    /// <summary>struct statvfs on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct FileSystemBuffer
    {
        internal ulong BlockSize;
        internal ulong FragmentSize;
        internal ulong Blocks;
        internal ulong BlocksFree;
        internal ulong BlocksAvailable;
        internal ulong Files;
        internal ulong FilesFree;
        internal ulong FilesAvailable;
        internal ulong Id;
        internal ulong Flags;
    }

    /// <summary>The beginning that struct passwd and struct group share: name, password, number (and, of passwd, the group).</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    internal struct AccountBuffer
    {
        internal byte* Name;
        internal byte* Password;
        internal uint Id;
        internal uint GroupId;

        /// <summary>Of a group, the members' names, the last one null; of a user, what is of no interest.</summary>
        internal byte** Members;
    }
}
