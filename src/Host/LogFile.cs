using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Host;

/// <summary>
/// A log in a file, a line an event: local time, level, text. It is opened for each line, and each line is appended by one
/// write, so that logrotate may rename it at any time, and two runs may share it. A link is not followed, nor one above it by root
/// that is not root's: who owns the directory must not choose what root writes to.
/// </summary>
internal sealed class LogFile(string path, TimeProvider clock)
{
    private readonly Lock writing = new();

    /// <param name="severity">The level.</param>
    /// <param name="text">Without control characters.</param>
    /// <returns>Why it could not be written; null if it was.</returns>
    public string? Write(Severity severity, string text)
    {
        var time = clock.GetLocalNow().ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        var line = Encoding.UTF8.GetBytes($"{time} {Level(severity)} {text}\n");
        try
        {
            lock (writing)
            {
                Append(line);
            }

            return null;
        }
        catch (PosixError e)
        {
            return $"the log file '{path}' cannot be written: {e.Message}";
        }
    }

    private void Append(byte[] line)
    {
        var (directory, name) = LinkTrust.OpenAbove(path);
        using var above = directory;
        using var file = Posix.OpenToAppend(above, name, AtomicFile.FileMode);
        if (Posix.IsRoot && Posix.Status(file).Links > 1 && Posix.Status(above) is { Uid: not 0 })
        {
            // The directory's owner can have given that name to a file of root's.
            throw new PosixError(PosixError.NotPermitted, "it has another name elsewhere, and is in a directory that is not root's");
        }

        // Made by root in a directory of the service's, the file is the service's, which must be able to go on.
        if (Posix.IsRoot && Posix.Status(file) is { Size: 0, Uid: 0 } && Posix.Status(above) is { Uid: not 0 } owner)
        {
            Posix.SetOwner(file, [], owner.Uid, owner.Gid);
        }

        Posix.Write(file, line);
    }

    private static string Level(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "info",
    };
}
