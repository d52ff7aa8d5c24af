using System.Runtime.InteropServices;

namespace VertexAr.Backup.Core;

/// <summary>A system call that failed. The message is the system's own ("Permission denied"), or says more; who catches it adds the name of the thing.</summary>
internal sealed class PosixError(int number, string? message = null) : IOException(message ?? Marshal.GetPInvokeErrorMessage(number))
{
    public const int NotPermitted = 1;
    public const int NotFound = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int BadDescriptor = 9;
    public const int WouldBlock = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int Invalid = 22;
    public const int TooManyFilesInAll = 23;
    public const int TooManyFiles = 24;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int TooManyHardLinks = 31;
    public const int BrokenPipe = 32;
    public const int TooSmall = 34;
    public const int NameTooLong = 36;
    public const int NoSuchCall = 38;
    public const int NotEmpty = 39;
    public const int TooManySymlinks = 40;
    public const int NoData = 61;
    public const int IllegalSequence = 84;
    public const int NotSupported = 95;
    public const int ConnectionAborted = 103;
    public const int NotConnected = 107;
    public const int Stale = 116;
    public const int QuotaExceeded = 122;

    /// <summary>The errno of the C library.</summary>
    public int Number { get; } = number;

    /// <summary>The disk, or the user's share of it, is full.</summary>
    public bool IsDiskFull => Number is NoSpace or QuotaExceeded;

    /// <summary>What file systems say that have no such thing, or not with this value: owners, modes, links, device nodes.</summary>
    public bool IsNotForThisPlace => Number is NotPermitted or Invalid or NoSuchCall or NotSupported;

    /// <summary>Whatever comes next to the same place will fail as well.</summary>
    public bool IsOfWholePlace => IsDiskFull || Number is ReadOnly or ConnectionAborted or NotConnected or Stale or TooManyFiles or TooManyFilesInAll or NoMemory;

    /// <summary>What was made there can no longer be removed either, or it is not known whether it can.</summary>
    public bool IsPlaceLost => Number is InputOutput or ConnectionAborted or NotConnected or Stale;

    /// <summary>The errno behind an I/O error, whether it came from here or from .NET's own streams; 0 if there is none.</summary>
    public static int NumberOf(Exception error) => error switch
    {
        PosixError posix => posix.Number,
        // .NET puts the errno of a failed read or write into HResult where it has no HResult of its own.
        IOException io when io.HResult is > 0 and < 4096 => io.HResult,
        _ => 0,
    };

    public static bool IsFullDisk(Exception error) => NumberOf(error) is NoSpace or QuotaExceeded;
}
