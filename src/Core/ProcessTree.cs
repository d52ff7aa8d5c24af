using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>A process and all that it started, as far as those that started them are still there. See proc_pid_task(5), children.</summary>
internal static class ProcessTree
{
    private const int KillSignal = 9;
    private const int StopSignal = 19;

    /// <summary>Sends a signal; to a process that has ended, none.</summary>
    public static void Signal(int process, int signal) => _ = PosixCalls.Kill(process, signal);

    /// <summary>Kills all of it. Each stands still before its children are looked for, so that no more come.</summary>
    public static void Kill(int process)
    {
        Signal(process, StopSignal);
        var children = Children(process);
        Signal(process, KillSignal);
        children.ForEach(Kill);
    }

    /// <summary>Whether somebody has stopped a process, as SIGSTOP does. False where that cannot be told.</summary>
    public static bool IsSuspended(int process)
    {
        try
        {
            // The state is what follows the name, which may hold anything: see proc_pid_stat(5).
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            return stat.AsSpan(stat.LastIndexOf(')') + 1).StartsWith(" T ");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>None where there is no /proc.</summary>
    private static List<int> Children(int process)
    {
        try
        {
            return
            [
                .. Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task"))
                    .SelectMany(task => File.ReadAllText(task + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(child => int.Parse(child, CultureInfo.InvariantCulture)),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
