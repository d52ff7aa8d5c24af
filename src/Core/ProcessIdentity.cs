using System.Globalization;
using System.Runtime.InteropServices;

namespace VertexAr.Backup.Core;

/// <summary>A process so that it is known again: numbers are given anew, in each container and after each start of the machine.</summary>
/// <param name="Boot">The start of the kernel; null where that is not told.</param>
/// <param name="Namespace">In which the number is a process's, see pid_namespaces(7); null where that is not told.</param>
/// <param name="Number">The process ID.</param>
/// <param name="StartedAt">In ticks since that start; 0 where that is not told.</param>
internal sealed record ProcessIdentity(string? Boot, string? Namespace, int Number, long StartedAt)
{
    private const int NoSuchProcess = 3;

    /// <summary>This process.</summary>
    public static ProcessIdentity Own { get; } = new(Line("/proc/sys/kernel/random/boot_id"), Link("/proc/self/ns/pid"), Environment.ProcessId, StartOf(Environment.ProcessId));

    /// <summary>How long this machine runs, also while it slept.</summary>
    public static TimeSpan UpTime =>
        Line("/proc/uptime") is { } text && double.TryParse(text.Split(' ')[0], CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMilliseconds(Environment.TickCount64);

    /// <summary>Whether it runs; null if that cannot be told from here: it is one of another machine or another container.</summary>
    public bool? IsRunning()
    {
        if (Boot is null || Boot != Own.Boot || Namespace is null || Namespace != Own.Namespace)
        {
            return null;
        }

        // A process that may not be seen is refused, and not unknown.
        if (PosixCalls.Kill(Number, 0) != 0 && Marshal.GetLastPInvokeError() == NoSuchProcess)
        {
            return false;
        }

        var start = StartOf(Number);
        return start == 0 || StartedAt == 0 || start == StartedAt;
    }

    /// <summary>The 22nd field of proc_pid_stat(5); the second is a name, which may hold anything.</summary>
    private static long StartOf(int process)
    {
        const int afterName = 19;
        var stat = Line(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat")) ?? "";
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > afterName && long.TryParse(fields[afterName], CultureInfo.InvariantCulture, out var ticks) ? ticks : 0;
    }

    private static string? Line(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Link(string path)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(Posix.ReadLink(Posix.Here, Posix.Bytes(path)));
        }
        catch (PosixError)
        {
            return null;
        }
    }
}
