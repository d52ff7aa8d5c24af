using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// A file whose extended attributes (xattr(7)) are read or set: an open one, or one by its name. What cannot be opened, or must
/// not be (FIFOs, devices, links), has a name below an open directory; the kernel has no call for that before 6.13, so the
/// path goes through <c>/proc/self/fd</c>.
/// </summary>
[SkipLocalsInit]
internal readonly unsafe struct AttributePlace
{
    /// <summary>The most that the kernel keeps in one attribute, and in all names of one file.</summary>
    public const int LongestValue = 64 * 1024;

    private const int FirstTry = 1024;

    private readonly SafeFileHandle? file;
    private readonly byte[]? path;
    private readonly bool follow;

    private AttributePlace(SafeFileHandle? file, byte[]? path, bool follow) => (this.file, this.path, this.follow) = (file, path, follow);

    /// <summary>An open file or directory.</summary>
    public static AttributePlace Of(SafeFileHandle file) => new(file, null, follow: false);

    /// <summary>A name in an open directory; a symlink there is not followed.</summary>
    public static AttributePlace Named(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        var above = Encoding.ASCII.GetBytes($"/proc/self/fd/{Posix.Descriptor(directory)}/");
        return new AttributePlace(directory, [.. above, .. name, 0], follow: false);
    }

    /// <summary>A path, symlinks followed.</summary>
    public static AttributePlace At(string path) => new(null, [.. Posix.Bytes(path), 0], follow: true);

    /// <summary>The names of all attributes, each with its zero byte; empty where the file system has none, or never tells.</summary>
    /// <exception cref="PosixError">They cannot be listed.</exception>
    public byte[] Names()
    {
        Span<byte> buffer = stackalloc byte[FirstTry];
        var length = List(buffer);
        if (length == -PosixError.TooSmall)
        {
            buffer = new byte[LongestValue];
            length = List(buffer);
        }

        return length switch
        {
            >= 0 => buffer[..length].ToArray(),
            -PosixError.NotSupported or -PosixError.NoSuchCall => [],
            -PosixError.InputOutput when IsInMutePlace() => [],
            _ => throw new PosixError(-length),
        };
    }

    /// <summary>Whether its names cannot be listed, because there is no such thing or because that fails.</summary>
    public bool TellsNothing()
    {
        Span<byte> buffer = stackalloc byte[FirstTry];
        return List(buffer) is -PosixError.InputOutput or -PosixError.NotSupported or -PosixError.NoSuchCall;
    }

    /// <summary>An attribute's value; null if there is none of that name (any more).</summary>
    /// <param name="name">With its zero byte.</param>
    /// <exception cref="PosixError">It cannot be read.</exception>
    public byte[]? Value(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[FirstTry];
        var length = Get(name, buffer);
        if (length == -PosixError.TooSmall)
        {
            buffer = new byte[LongestValue];
            length = Get(name, buffer);
        }

        return length switch
        {
            >= 0 => buffer[..length].ToArray(),
            -PosixError.NoData => null,
            _ => throw new PosixError(-length),
        };
    }

    /// <summary>Sets an attribute, new or not.</summary>
    /// <param name="name">With its zero byte.</param>
    /// <param name="value">At most <see cref="LongestValue"/> bytes.</param>
    /// <exception cref="PosixError">The file system keeps none of that kind, or we may not.</exception>
    public void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        fixed (byte* n = name, v = value, p = path)
        {
            var size = (nuint)value.Length;
            Posix.Check(path is null
                ? PosixCalls.SetAttributeOf(Posix.Descriptor(file!), n, v, size, 0)
                : follow ? PosixCalls.SetAttribute(p, n, v, size, 0) : PosixCalls.SetOwnAttribute(p, n, v, size, 0));
        }

        GC.KeepAlive(file);
    }

    /// <summary>Removes an attribute of an open file; that there is none, or can be none, is no error.</summary>
    /// <param name="name">With its zero byte.</param>
    public void Remove(ReadOnlySpan<byte> name)
    {
        fixed (byte* n = name)
        {
            var number = Result(PosixCalls.RemoveAttributeOf(Posix.Descriptor(file!), n));
            if (number is < 0 and not (-PosixError.NoData or -PosixError.NotSupported or -PosixError.NoSuchCall))
            {
                throw new PosixError(-number);
            }
        }
    }

    private bool IsInMutePlace()
    {
        try
        {
            return MutePlaces.Hold(file is not null ? Posix.Status(file) : Posix.StatusAt(Posix.Here, path.AsSpan()[..^1]));
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private int List(Span<byte> buffer)
    {
        fixed (byte* b = buffer, p = path)
        {
            var size = (nuint)buffer.Length;
            return Result(path is null
                ? PosixCalls.ListAttributesOf(Posix.Descriptor(file!), b, size)
                : follow ? PosixCalls.ListAttributes(p, b, size) : PosixCalls.ListOwnAttributes(p, b, size));
        }
    }

    private int Get(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        fixed (byte* n = name, b = buffer, p = path)
        {
            var size = (nuint)buffer.Length;
            return Result(path is null
                ? PosixCalls.GetAttributeOf(Posix.Descriptor(file!), n, b, size)
                : follow ? PosixCalls.GetAttribute(p, n, b, size) : PosixCalls.GetOwnAttribute(p, n, b, size));
        }
    }

    /// <summary>The length, or the errno as a negative number.</summary>
    private static int Result(nint result) => result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
}
