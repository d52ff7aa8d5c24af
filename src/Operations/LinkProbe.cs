using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Whether symlinks have a time and an owner of their own on a file system. Where a server resolves links, as over SFTP, setting them would
/// change what the link leads to, which can be anywhere on the server.
/// </summary>
internal sealed class LinkProbe
{
    private readonly Dictionary<ulong, bool> known = [];
    private readonly Dictionary<ulong, bool> shown = [];

    /// <param name="directory">A directory of ours, in which nobody else makes names.</param>
    public bool HasOwn(SafeFileHandle directory)
    {
        var device = Posix.Status(directory).Device;
        if (!known.TryGetValue(device, out var own))
        {
            known.Add(device, own = Try(directory));
        }

        return own;
    }

    /// <summary>
    /// Whether a link is shown as one. Where a share follows links (sshfs with follow_symlinks), one that leads nowhere could be made, and then
    /// neither be seen nor removed. Tried with one that leads to a file.
    /// </summary>
    /// <param name="directory">A directory of ours, in which nobody else makes names.</param>
    public bool AreShown(SafeFileHandle directory)
    {
        var device = Posix.Status(directory).Device;
        if (!shown.TryGetValue(device, out var are))
        {
            shown.Add(device, are = Look(directory));
        }

        return are;
    }

    private static bool Look(SafeFileHandle directory)
    {
        const int onlyOurs = 0x180;
        var target = Make(name => Posix.CreateNew(directory, name, onlyOurs).Dispose());
        byte[] link = [.. target, (byte)'l'];
        try
        {
            Posix.MakeSymlink(directory, link, target);
            return Posix.StatusAt(directory, link).IsSymlink;
        }
        catch (PosixError e)
        {
            return e.Number != PosixError.InputOutput; // The kernel's word for something else than what it asked for. Others say it themselves.
        }
        finally
        {
            NameTrial.RemoveHalf(directory, link);
            Posix.Remove(directory, target);
        }
    }

    /// <summary>A link to itself leads nowhere: whoever follows it fails.</summary>
    private static bool Try(SafeFileHandle directory)
    {
        var name = Make(name => Posix.MakeSymlink(directory, name, name));
        try
        {
            Posix.SetModified(directory, name, default(FileTime));
            return true;
        }
        catch (PosixError)
        {
            return false;
        }
        finally
        {
            Posix.Remove(directory, name);
        }
    }

    private static byte[] Make(Action<byte[]> make)
    {
        for (var number = 0; ; number++)
        {
            var name = Posix.Bytes($".vertex-ar-backup-link-{number}");
            try
            {
                make(name);
                return name;
            }
            catch (PosixError e) when (e.Number == PosixError.Exists)
            {
                // One of what is restored.
            }
        }
    }
}
