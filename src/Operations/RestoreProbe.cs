using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>What a file system lets be done, asked in ways that change nothing.</summary>
internal interface IRestoreProbe
{
    /// <summary>Whether two names can change places in one instant.</summary>
    bool CanExchange { get; }

    /// <summary>A name that nothing has, in a directory that is the restore's alone.</summary>
    byte[] Copying { get; }

    /// <summary>Whether a directory can be moved away: not if it is of a lower layer of an overlay, say.</summary>
    /// <exception cref="UserError">It cannot be moved for another reason, nor replaced.</exception>
    /// <param name="directory">Its path.</param>
    /// <param name="staysBeside">It goes no further than beside its place, for which nothing in it need be changed.</param>
    bool CanMove(byte[] directory, bool staysBeside = false);

    /// <exception cref="UserError">A file cannot be moved away.</exception>
    void RequireMovable(byte[] file);
}

/// <summary>
/// Asks by a directory that is not empty: the kernel looks at everything else before it says that nothing can be renamed to that.
/// It lies in a directory of its own, so that nobody who may write beside that can empty it or take it away; and what is asked
/// about is reached without links.
/// </summary>
internal sealed class RestoreProbe : IRestoreProbe
{
    // What is said of a directory or a file that could be moved. Over SFTP every refusal is the same one, which then says nothing.
    private readonly int? movableDirectory;
    private readonly int? movableFile;
    private readonly byte[] full;
    private readonly byte[] inner;

    /// <param name="path">The directory to make, on the mount that it asks for.</param>
    public RestoreProbe(string path)
    {
        (full, inner) = (Posix.Bytes(path), Posix.Bytes(path + "/inner"));
        Posix.MakeDirectory(Posix.Here, full, 0x1C0);
        foreach (var name in new[] { "/one", "/other" })
        {
            Posix.CreateNew(Posix.Here, Posix.Bytes(path + name), 0x180).Dispose();
        }

        var empty = Posix.Bytes(path + "/empty");
        Posix.MakeDirectory(Posix.Here, inner, 0x1C0);
        Posix.MakeDirectory(Posix.Here, empty, 0x1C0);
        Posix.CreateNew(Posix.Here, Posix.Bytes(path + "/inner/file"), 0x180).Dispose();
        movableDirectory = Try(empty, inner);
        movableFile = Try(Posix.Bytes(path + "/one"), inner);
        CanExchange = PlaceTrial.Exchange(Posix.Here, Posix.Bytes(path + "/one"), Posix.Bytes(path + "/other")) is null;
    }

    public bool CanExchange { get; }

    public byte[] Copying => [.. full, .. "/copy"u8];

    public bool CanMove(byte[] directory, bool staysBeside = false) => Try(directory, inner) switch
    {
        PosixError.NotEmpty or PosixError.Exists => true,
        PosixError.CrossDevice or PosixError.Busy => false,
        { } number when number == movableDirectory => true,
        PosixError.AccessDenied when staysBeside || ReadOnlyDirectory.Is(Posix.StatusOrNull(Encoding.UTF8.GetString(directory))) => true,
        { } number => throw Cannot(directory, number),
        null => throw new InvalidOperationException($"{Encoding.UTF8.GetString(directory)} was moved into an empty directory"),
    };

    public void RequireMovable(byte[] file)
    {
        if (Try(file, inner) is { } number and not PosixError.IsDirectory && number != movableFile)
        {
            throw Cannot(file, number);
        }
    }

    /// <summary>Says without a try why something cannot be moved to another directory, as far as rights tell; null if they do not.</summary>
    public static UserError? Foresee(string path)
    {
        try
        {
            return !Posix.IsRoot && Posix.StatusOrNull(path) is { } status && Refusing(path, status) is var (_, number) ? Cannot(Posix.Bytes(path), number) : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>
    /// The directory whose rights are in the way, and the error: the one above, or a directory itself, in which ".." would be another (rename(2), EACCES).
    /// </summary>
    private static (string Directory, int Number)? Refusing(string path, FileStatus status)
    {
        const int sticky = 0x200;
        var above = Path.GetDirectoryName(path)!;
        return Posix.Refusal(above, AccessKind.Fill) is { } closed ? (above, closed.Number)
            : Posix.StatusOrNull(above) is { } shared && (shared.Permissions & sticky) != 0 && shared.Uid != Posix.EffectiveUser && status.Uid != Posix.EffectiveUser ? (above, PosixError.NotPermitted)
            : status.IsDirectory && !ReadOnlyDirectory.Is(status) && Posix.Refusal(path, AccessKind.Write) is { } own ? (path, own.Number)
            : null;
    }

    private static UserError Cannot(byte[] path, int number)
    {
        var (error, place) = (new PosixError(number), Encoding.UTF8.GetString(path));
        return UserError.Failed(
            $"{place} cannot be replaced: {error.Message}",
            number is PosixError.NotPermitted && Posix.IsRoot
                ? "nothing was changed; see 'lsattr': it may be marked as immutable"
                : Posix.IsRoot ? "nothing was changed" : $"nothing was changed; run the command as root{Owner(place)}",
            error);
    }

    private static string Owner(string path)
    {
        try
        {
            return Posix.StatusOrNull(path) is not { } status || Refusing(path, status) is not { } refusing || Posix.StatusOrNull(refusing.Directory) is not { } there ? ""
                : there.Uid == 0 ? $", the owner of {refusing.Directory}"
                : there.Uid == Posix.EffectiveUser ? ""
                : $", or as {Accounts.UserName(there.Uid) ?? $"user {there.Uid}"}, the owner of {refusing.Directory}";
        }
        catch (PosixError)
        {
            return "";
        }
    }

    private static int? Try(byte[] from, byte[] to)
    {
        try
        {
            using var above = NamedPlaces.Open(BytePath.Above(from));
            Posix.Rename(above, from.AsSpan(from.AsSpan().LastIndexOf((byte)'/') + 1), Posix.Here, to);
            return null;
        }
        catch (PosixError e)
        {
            return e.Number;
        }
    }
}
