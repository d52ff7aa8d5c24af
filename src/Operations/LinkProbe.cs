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

    /// <summary>A link to itself leads nowhere: whoever follows it fails.</summary>
    private static bool Try(SafeFileHandle directory)
    {
        var name = Make(directory);
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

    private static byte[] Make(SafeFileHandle directory)
    {
        for (var number = 0; ; number++)
        {
            var name = Posix.Bytes($".vertex-ar-backup-link-{number}");
            try
            {
                Posix.MakeSymlink(directory, name, name);
                return name;
            }
            catch (PosixError e) when (e.Number == PosixError.Exists)
            {
                // One of what is restored.
            }
        }
    }
}
