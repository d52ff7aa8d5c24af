using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// What the file systems of a restore do with names, found out by trying in directories of ours: no list of file systems is needed. Each
/// question is asked once for a file system, and nothing is left of it.
/// </summary>
internal sealed class NameTrial
{
    private const int OnlyOurs = 0x180;

    private readonly Dictionary<ulong, bool> altering = [];
    private readonly Dictionary<ulong, bool> folding = [];
    private readonly Dictionary<ulong, bool> takingBytes = [];
    private (SafeFileHandle? Directory, bool Alters) last;

    /// <summary>Whether names come back otherwise than they were given: in small letters, without dots at the end, with accents taken apart.</summary>
    public bool IsAltering(SafeFileHandle directory)
    {
        // Most names come one after the other in one directory.
        if (last.Directory != directory)
        {
            last = (directory, Ask(altering, directory, Alters));
        }

        return last.Alters;
    }

    /// <summary>Whether one name is found by another that differs in capital letters only.</summary>
    public bool IsFolding(SafeFileHandle directory) => Ask(folding, directory, Folds);

    /// <summary>Whether names may be bytes that are no UTF-8: asked once, before any such name is tried.</summary>
    public bool TakesBytes(SafeFileHandle directory) => Ask(takingBytes, directory, static open => TryMake(open, ".vertex-ar-backup-"u8, [0xFF]) is not null);

    /// <summary>Whether something can be made under a name that is plain everywhere.</summary>
    /// <param name="directory">Of ours.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="isDirectory">It is one.</param>
    public static bool CanMake(SafeFileHandle directory, Func<byte[], SafeFileHandle?> make, bool isDirectory)
    {
        for (var number = 0; ; number++)
        {
            var name = Posix.Bytes($".vertex-ar-backup-name-{number}");
            try
            {
                make(name)?.Dispose();
                Posix.Remove(directory, name, isDirectory);
                return true;
            }
            catch (PosixError e) when (e.Number == PosixError.Exists)
            {
                // One of what is restored.
            }
            catch (PosixError)
            {
                RemoveHalf(directory, name);
                return false;
            }
        }
    }

    /// <summary>A mount of rclone says that it cannot make a FIFO, and makes a file.</summary>
    public static void RemoveHalf(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        try
        {
            Posix.Remove(directory, name);
        }
        catch (PosixError)
        {
            // Nothing is there.
        }
    }

    public static bool CanMakeFile(SafeFileHandle directory) => CanMake(directory, name => Posix.CreateNew(directory, name, OnlyOurs), isDirectory: false);

    private static bool Ask(Dictionary<ulong, bool> known, SafeFileHandle directory, Func<SafeFileHandle, bool> ask)
    {
        var device = Posix.Status(directory).Device;
        if (!known.TryGetValue(device, out var answer))
        {
            known.Add(device, answer = ask(directory));
        }

        return answer;
    }

    /// <summary>A name with a capital letter, an accent and a dot at its end; where that cannot be had, with less of it.</summary>
    private static bool Alters(SafeFileHandle directory)
    {
        foreach (var end in new[] { "É.", "É", "E" })
        {
            if (TryMake(directory, ".vertex-ar-backup-"u8, Posix.Bytes(end), name =>
                {
                    using var again = Posix.OpenDirectory(directory, "."u8);
                    return DirectoryNames.Read(again).Contains(name);
                }) is { } isThere)
            {
                return !isThere;
            }
        }

        return false;
    }

    private static bool Folds(SafeFileHandle directory) => TryMake(directory, ".vertex-ar-backup-"u8, "a"u8, name =>
    {
        try
        {
            name[^1] = (byte)'A';
            _ = Posix.StatusAt(directory, name);
            return true;
        }
        catch (PosixError)
        {
            return false;
        }
    }) ?? false;

    /// <returns>What was seen of it; null if it could not be made.</returns>
    private static bool? TryMake(SafeFileHandle directory, ReadOnlySpan<byte> begin, ReadOnlySpan<byte> end, Func<byte[], bool>? look = null)
    {
        for (var number = 0; ; number++)
        {
            byte[] name = [.. begin, .. Posix.Bytes($"{number}"), .. end];
            try
            {
                Posix.CreateNew(directory, name, OnlyOurs).Dispose();
            }
            catch (PosixError e) when (e.Number == PosixError.Exists)
            {
                continue;
            }
            catch (PosixError)
            {
                return null;
            }

            var seen = look?.Invoke([.. name]) ?? true;
            Posix.Remove(directory, name);
            return seen;
        }
    }
}
