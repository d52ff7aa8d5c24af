using System.Globalization;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// A run of the program that strace stops after a system call on a certain file, so that a test can change the world at exactly
/// that moment.
/// </summary>
internal sealed class StoppedRun : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Command strace;
    private readonly int program;

    private StoppedRun(Command strace, int program) => (this.strace, this.program) = (strace, program);

    /// <summary>The program's process.</summary>
    public int ProgramId => program;

    /// <summary>
    /// Runs <c>create</c>, or what <paramref name="arguments"/> say, until the first <paramref name="call"/> on <paramref name="path"/>, a file or directory of the site.
    /// <paramref name="slow"/>: it is held for a moment at each later one too, so that it cannot be done with the file before a
    /// signal reached it. <paramref name="number"/>: not at the first call of a thread, but at this one.
    /// </summary>
    public static StoppedRun At(Site site, string call, string path, bool slow = false, string[]? arguments = null, int number = 1)
    {
        Machine.NeedStrace();
        var log = site.In("strace.log");
        string[] before =
        [
            "strace", "-f", "-o", log, "-e", $"trace={call}", "-P", Path.GetFileName(path), "-P", path,
            "-e", $"inject={call}:signal=SIGSTOP:{(slow ? "delay_exit=300000:when=1+" : $"when={number}")}", "--",
        ];
        var strace = site.Start(arguments ?? ["create"], before);
        var deadline = DateTime.UtcNow + Longest;
        while (!IsStopped(log))
        {
            Assert.False(strace.HasEnded, $"the run ended before its call {number} of {call} on {path}");
            Assert.True(DateTime.UtcNow < deadline, $"the run never came to its call {number} of {call} on {path}");
            Thread.Sleep(5);
        }

        var child = File.ReadAllText($"/proc/{strace.ProcessId}/task/{strace.ProcessId}/children").Trim();
        return new StoppedRun(strace, int.Parse(child, CultureInfo.InvariantCulture));
    }

    /// <summary>Lets the run go on to its end. It may be stopped again, once in each of its threads or at each call; it is sent on.</summary>
    public Result Continue()
    {
        while (!strace.HasEnded)
        {
            Command.Run("bash", "-c", $"kill -CONT {program}");
            Thread.Sleep(20);
        }

        return strace.Wait();
    }

    /// <summary>Lets the run go on until something has happened.</summary>
    public void ContinueUntil(Func<bool> condition)
    {
        for (var deadline = DateTime.UtcNow + Longest; !condition(); Thread.Sleep(20))
        {
            Assert.False(strace.HasEnded, "the run ended before what was waited for");
            Assert.True(DateTime.UtcNow < deadline, "what was waited for never happened");
            Command.Run("bash", "-c", $"kill -CONT {program}");
        }
    }

    /// <summary>Sends the program a signal. It is still stopped: of what it does not die, it hears when it goes on.</summary>
    public void Signal(string name) => Command.Shell($"kill -{name} {program}");

    public void Dispose() => strace.Dispose();

    private static bool IsStopped(string log) =>
        File.Exists(log) && File.ReadAllText(log).Contains("stopped by SIGSTOP", StringComparison.Ordinal);
}
