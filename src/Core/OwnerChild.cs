using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>Work on a file, done by a process that has become its owner.</summary>
/// <param name="Operation">A word that both sides know.</param>
/// <param name="File">The file: its path, or where the owner may not go that way, its name in the current directory.</param>
/// <param name="Words">What else the operation needs.</param>
/// <param name="Target">A file of root's to write to; null if there is none.</param>
internal sealed record OwnerWork(string Operation, string File, IReadOnlyList<string> Words, SafeFileHandle? Target);

/// <summary>
/// Lets a process of its own work on files that belong to another user, so that nothing that user put there is obeyed with the rights of
/// root. It is this program once more: it opens what only root may open, becomes the owner, with the owner's groups, no descriptors but
/// those it needs and an environment of three variables, and answers on its standard output. It does not outlive this process.
/// </summary>
internal static class OwnerChild
{
    private const string Word = "--as-owner";
    private const string ThisProgram = "/proc/self/exe";
    private const string Done = "done";
    private const int OthersMayWrite = 0x12;
    private const int StandardOutput = 1;
    private const int MostLines = 1000;
    private const int LongestLine = 64 * 1024;

    private static readonly Dictionary<string, string> Environment = new()
    {
        ["HOME"] = "/",
        ["LANG"] = "C.UTF-8",
        ["PATH"] = ChildEnvironment.UsualPath,
    };

    /// <summary>
    /// Whom to become for a file: null for what is root's own, what lies where only root can put anything, and if this is not root.
    /// </summary>
    /// <param name="file">Its path, links resolved.</param>
    public static (uint Uid, uint Gid)? OwnerOf(string file)
    {
        if (!Posix.IsRoot || Look(file) is not var (status, above) || status.Uid == 0 || (above.Uid == 0 && (above.Permissions & OthersMayWrite) == 0))
        {
            return null;
        }

        var known = Accounts.UserName(status.Uid) is { } name ? Accounts.User(name) : null;
        return (status.Uid, known?.Gid ?? status.Gid);
    }

    /// <summary>A file and the directory that it is in at the same moment; null if it is not there.</summary>
    private static (FileStatus File, FileStatus Above)? Look(string file)
    {
        try
        {
            ReadOnlySpan<byte> name = Posix.Bytes(file);
            using var above = LinklessNames.Above(Posix.Here, ref name);
            using var followed = above is null ? Posix.OpenDirectory(Posix.Here, Posix.Bytes(Path.GetDirectoryName(file) ?? "/"), follow: true) : null;
            return (Posix.StatusAt((above ?? followed)!, Posix.Bytes(Path.GetFileName(file))), Posix.Status((above ?? followed)!));
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory)
        {
            return null;
        }
    }

    /// <summary>Starts one, and waits for what it answers.</summary>
    /// <param name="owner">Whom it becomes.</param>
    /// <param name="operation">A word.</param>
    /// <param name="file">The owner's file, links resolved.</param>
    /// <param name="target">A file of root's to write to, which is there; empty if there is none.</param>
    /// <param name="words">What else it needs.</param>
    /// <param name="longest">How long it may take: its user can hold it up in more ways than one.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Its lines.</returns>
    /// <exception cref="SqliteException">It had that.</exception>
    /// <exception cref="PosixError">It had that.</exception>
    /// <exception cref="UserError">It had that, or could not be started.</exception>
    public static List<string> Ask((uint Uid, uint Gid) owner, string operation, string file, string target, IEnumerable<string> words, TimeSpan longest, CancellationToken stop)
    {
        var (said, crashed) = (new List<string>(), new List<string>());
        var options = new ChildOptions
        {
            Timeout = longest,
            EndIfSuspended = true,
            Printed = line => AddTo(said, line),
            Said = line => AddTo(crashed, line),
            LongestLine = LongestLine,
            Environment = Environment,
            IsEnvironmentChosen = true,
            Grace = TimeSpan.FromSeconds(1),
            LastWords = TimeSpan.FromSeconds(30),
        };
        var end = ChildProcess.Run(
            [ThisProgram, Word, Text((uint)System.Environment.ProcessId), Text(owner.Uid), Text(owner.Gid), operation, file, target, .. words], options, stop);
        stop.ThrowIfCancellationRequested();
        return said is [.., Done] ? said[..^1] : throw Failure(file, said, crashed.FirstOrDefault() ?? (end.Problem is { } problem ? $"the process that did so {problem}" : "it said nothing"));
    }

    /// <summary>If this process was started for such work, does it; returns what to end with, or null if it was not.</summary>
    public static int? Run(string[] args, Func<OwnerWork, IEnumerable<string>> work)
    {
        if (args is not [Word, var parent, var uid, var gid, var operation, var file, var target, .. var words])
        {
            return null;
        }

        const int kill = 9;
        ThisProcess.CloseDescriptors();
        ThisProcess.FillDescriptors();
        ThisProcess.KeepMemorySmall();
        using var output = new SafeFileHandle(StandardOutput, ownsHandle: false);
        Posix.Write(output, Encoding.UTF8.GetBytes(Answer(() =>
        {
            using var copy = target.Length == 0 ? null : LinkTrust.OpenToChange(target);
            Become(file, Number(uid), Number(gid));
            return ThisProcess.EndWithParent(parent, kill) ? [.. work(new OwnerWork(operation, Reachable(file), words, copy)), Done] : [];
        })));
        return 0;
    }

    /// <summary>What parses what others wrote is not believed to say little.</summary>
    private static void AddTo(List<string> lines, string line)
    {
        if (lines.Count < MostLines)
        {
            lines.Add(line);
        }
    }

    private static string Answer(Func<List<string>> work)
    {
        try
        {
            return string.Join('\n', work()) + "\n";
        }
        catch (SqliteException e)
        {
            return $"sqlite {e.SqliteErrorCode} {e.SqliteExtendedErrorCode} {Uri.EscapeDataString(SqliteFile.Words(e))}\n";
        }
        catch (PosixError e)
        {
            return $"posix {e.Number} {Uri.EscapeDataString(e.Message)}\n";
        }
        catch (Exception e) when ((e as UserError ?? UserError.FromSystem(e)) is { } error)
        {
            return $"user {Uri.EscapeDataString(error.Message)} {Uri.EscapeDataString(error.Hint ?? "")}\n";
        }
    }

    private static void Become(string file, uint uid, uint gid)
    {
        var above = Path.GetDirectoryName(file)!;
        using (var directory = above.StartsWith("/proc/", StringComparison.Ordinal) ? Posix.OpenDirectory(Posix.Here, Posix.Bytes(above)) : NamedPlaces.Open(Posix.Bytes(above.TrimEnd('/'))))
        {
            ThisProcess.ChangeDirectory(directory);
        }

        Accounts.Become(uid, gid);
    }

    /// <summary>
    /// The owner of what lies in a container's volume may not go there by the path that this machine has for it: what is in the
    /// current directory is found all the same.
    /// </summary>
    private static string Reachable(string file)
    {
        try
        {
            var here = Posix.StatusAt(Posix.Here, "."u8);
            if (Posix.StatusOrNull(Path.GetDirectoryName(file)!) is { } named && (named.Device, named.Inode) == (here.Device, here.Inode))
            {
                return file;
            }
        }
        catch (PosixError)
        {
            // By its name, then.
        }

        return SqliteGuard.Here + Path.GetFileName(file);
    }

    private static Exception Failure(string file, List<string> said, string otherwise)
    {
        var words = (said.Count > 0 ? said[^1] : "").Split(' ').Select(Uri.UnescapeDataString).ToList();
        return words switch
        {
            ["sqlite", var code, var extended, var message] => new SqliteException(message, Code(code), Code(extended)),
            ["posix", var number, var message] => new PosixError(Code(number), message),
            ["user", var message, var hint] => UserError.Failed(message, hint.Length == 0 ? null : hint),
            _ => UserError.Failed($"the file {file} could not be worked on as its owner: {otherwise}"),
        };
    }

    private static int Code(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 1;

    private static uint Number(string text) => uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
