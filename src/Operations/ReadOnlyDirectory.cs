using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// A directory whose mode lets not even its owner write to it, as those of Go's module cache and of git-annex. To move it to another parent changes
/// its entry "..", for which the kernel asks for that right of everybody but root (rename(2), EACCES): its owner has it for the moment of the move.
/// Killed in that moment, it keeps a mode with which it can be written to.
/// </summary>
internal sealed class ReadOnlyDirectory : IDisposable
{
    private const int OwnerMayWrite = 0x80;

    private readonly SafeFileHandle directory;
    private readonly int mode;

    private ReadOnlyDirectory(SafeFileHandle directory, int mode) => (this.directory, this.mode) = (directory, mode);

    /// <summary>Whether it is one that this user can open for writing.</summary>
    public static bool Is(FileStatus? status) =>
        status is { IsDirectory: true } there && (there.Permissions & OwnerMayWrite) == 0 && there.Uid == Posix.EffectiveUser && !Posix.IsRoot;

    /// <summary>Opens it for writing, until it is disposed of; null if it is none.</summary>
    /// <exception cref="PosixError">It cannot be opened.</exception>
    public static ReadOnlyDirectory? Unlock(SafeFileHandle above, ReadOnlySpan<byte> name)
    {
        try
        {
            if (!Is(Posix.StatusAt(above, name)))
            {
                return null;
            }
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }

        var directory = Posix.OpenDirectory(above, name);
        var mode = Posix.Status(directory).Permissions;
        Posix.SetMode(directory, mode | OwnerMayWrite);
        return new ReadOnlyDirectory(directory, mode);
    }

    public void Dispose()
    {
        using (directory)
        {
            Posix.SetMode(directory, mode);
        }
    }
}
