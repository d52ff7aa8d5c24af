using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Opens what should be a file of ours where others may have put something else in its place. Never follows a link in the last
/// place, never waits for the other end of a FIFO, and hands out nothing but regular files.
/// </summary>
internal static class RegularFile
{
    public static SafeFileHandle Open(string path) => Open(Posix.Here, Posix.Bytes(path));

    /// <exception cref="PosixError">It cannot be opened, or is something else; the message says what.</exception>
    public static SafeFileHandle Open(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        SafeFileHandle file;
        try
        {
            file = Posix.OpenToRead(directory, name);
        }
        catch (PosixError e) when (e.Number == PosixError.TooManySymlinks)
        {
            throw new PosixError(e.Number, "it is a symlink, not a file");
        }

        return Checked(file);
    }

    /// <summary>The same, also by way of a link.</summary>
    /// <exception cref="PosixError">As above.</exception>
    public static SafeFileHandle OpenFollowing(string path) => Checked(Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true));

    /// <summary>The lines of a text, read as they are asked for.</summary>
    /// <exception cref="PosixError">As above.</exception>
    public static IEnumerable<string> ReadLines(string path, bool follow = false)
    {
        using var reader = new StreamReader(new FileStream(follow ? OpenFollowing(path) : Open(path), FileAccess.Read));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    /// <summary>Opens for reading and writing, making the file if nothing is there.</summary>
    /// <exception cref="PosixError">It cannot be made, or is something else; the message names it.</exception>
    public static SafeFileHandle OpenOrCreate(string path, int mode)
    {
        try
        {
            return Checked(Posix.OpenOrCreate(Posix.Here, Posix.Bytes(path), mode));
        }
        catch (PosixError e) when (e.Number is PosixError.TooManySymlinks or PosixError.Invalid or PosixError.IsDirectory)
        {
            throw new PosixError(e.Number, $"{path} is no file; move it away");
        }
    }

    /// <summary>Opens for reading and writing what is there already.</summary>
    /// <exception cref="PosixError">It cannot be opened, or is something else.</exception>
    public static SafeFileHandle OpenToChange(string path) => OpenToChange(Posix.Here, Posix.Bytes(path));

    /// <exception cref="PosixError">As above.</exception>
    public static SafeFileHandle OpenToChange(SafeFileHandle directory, ReadOnlySpan<byte> name) => Checked(Posix.OpenToChange(directory, name));

    /// <summary>The same file, if it is a regular one; it is closed if not.</summary>
    private static SafeFileHandle Checked(SafeFileHandle file)
    {
        var status = Posix.Status(file);
        if (status.IsRegular)
        {
            return file;
        }

        file.Dispose();
        throw status.IsDirectory
            ? new PosixError(PosixError.IsDirectory, "it is a directory, not a file")
            : new PosixError(PosixError.Invalid, $"it is a {status.SpecialName}, not a file");
    }
}
