using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>How to run another program.</summary>
internal sealed record ChildOptions
{
    /// <summary>How long it may take; it is stopped then.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Told each line of its output and errors, from another thread. Null: it writes to where this program writes.</summary>
    public Action<string>? Said { get; init; }

    /// <summary>Told each line of its output, from a thread of its own; <see cref="Said"/> hears of errors only then.</summary>
    public Action<string>? Printed { get; init; }

    /// <summary>Characters of a line that are looked at; the rest is dropped.</summary>
    public int LongestLine { get; init; } = 2000;

    /// <summary>What it reads from its standard input; null for nothing.</summary>
    public string? Input { get; init; }

    /// <summary>Variables added to this program's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>It gets the variables of <see cref="Environment"/> and no others.</summary>
    public bool IsEnvironmentChosen { get; init; }

    /// <summary>Only this program itself may know these, run as its own child.</summary>
    public bool KeepSecrets { get; init; }

    /// <summary>How long it may take to end once its time is up, before it is killed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The same, once this program is stopped, which has to end itself then.</summary>
    public TimeSpan GraceAtStop { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>End it if somebody has suspended it (SIGSTOP): it belongs to a user who may, and nobody would ever let it go on.</summary>
    public bool EndIfSuspended { get; init; }

    /// <summary>How long the rest of what it said is listened to once it ended: descendants that keep its output open do not keep us.</summary>
    public TimeSpan LastWords { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>How a program ended. <paramref name="Problem"/> says what went wrong, as the end of a sentence; null if nothing did.</summary>
internal sealed record ChildEnd(int? ExitCode, string? Problem)
{
    public bool Succeeded => Problem is null;
}

/// <summary>Runs another program to its end, without a shell. What it leaves running in the background is let be.</summary>
internal static class ChildProcess
{
    private const int KilledBy = 128;
    private const int Terminate = 15;

    /// <summary>For what a child still says, and for its end to be seen, once this program is stopped.</summary>
    private static readonly TimeSpan AfterStop = TimeSpan.FromMilliseconds(150);

    /// <summary>For the end of one that was killed to be seen. What waits for a file system that does not answer need not end by it.</summary>
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(10);

    /// <summary>How often it is looked whether a child is suspended, and how many times in a row it must be.</summary>
    private static readonly TimeSpan SuspensionLook = TimeSpan.FromSeconds(1);
    private const int SuspensionLooks = 5;
    private const int Suspended = -1;

    private static readonly string[] Secrets = ["TELEGRAM_BOT_TOKEN", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"];

    /// <param name="command">The program and its arguments; looked for in PATH if it has no slash.</param>
    /// <param name="options">How.</param>
    /// <param name="stop">Tells it to end (SIGTERM), and after a while ends it.</param>
    public static ChildEnd Run(IReadOnlyList<string> command, ChildOptions options, CancellationToken stop)
    {
        if (Program(command[0], options) is not { } program)
        {
            return new ChildEnd(null, "cannot be started: it is in no directory of PATH");
        }

        using var process = new Process { StartInfo = Describe(program, command, options), EnableRaisingEvents = true };
        using var ended = new ManualResetEvent(false);
        process.Exited += (_, _) => Set(ended);
        try
        {
            ThisProcess.StartWithSignals(process.Start);
        }
        catch (Win32Exception e)
        {
            return new ChildEnd(null, $"cannot be started: {Reason(e)}");
        }

        var talk = Talk(process, options);
        var waited = Wait(process.Id, [ended, stop.WaitHandle], options);
        if (waited != 0)
        {
            End(process, ended, waited == 1 ? options.GraceAtStop : options.Grace);
        }

        Join(talk, waited == 1 ? AfterStop : options.LastWords);
        if (!ended.WaitOne(waited == 1 ? AfterStop : AfterKill))
        {
            return new ChildEnd(null, "does not end even when it is killed");
        }

        return waited switch
        {
            0 => Judge(process.ExitCode),
            1 => new ChildEnd(process.ExitCode, "was told to stop"),
            Suspended => new ChildEnd(process.ExitCode, "was suspended by somebody (SIGSTOP), and ended for it"),
            _ => new ChildEnd(process.ExitCode, string.Create(CultureInfo.InvariantCulture, $"was not done within {options.Timeout.TotalSeconds:0} seconds and was stopped")),
        };
    }

    /// <summary>Of a child whose end nobody waits for any longer, the framework still tells, on a thread of its own.</summary>
    private static void Set(ManualResetEvent ended)
    {
        try
        {
            ended.Set();
        }
        catch (ObjectDisposedException)
        {
            // What it was for is over.
        }
    }

    /// <summary>Until one of the handles is set; its number, <see cref="Suspended"/>, or <see cref="WaitHandle.WaitTimeout"/>.</summary>
    private static int Wait(int process, WaitHandle[] handles, ChildOptions options)
    {
        if (!options.EndIfSuspended)
        {
            return WaitHandle.WaitAny(handles, options.Timeout);
        }

        var watch = Stopwatch.StartNew();
        for (var seen = 0; seen < SuspensionLooks; seen = ProcessTree.IsSuspended(process) ? seen + 1 : 0)
        {
            if (WaitHandle.WaitAny(handles, SuspensionLook) is not WaitHandle.WaitTimeout and var waited)
            {
                return waited;
            }

            if (options.Timeout != Timeout.InfiniteTimeSpan && watch.Elapsed >= options.Timeout)
            {
                return WaitHandle.WaitTimeout;
            }
        }

        return Suspended;
    }

    /// <summary>The framework would look in the current directory first, which may be anybody's. What has a slash is tried, and says itself why it cannot be run.</summary>
    private static string? Program(string name, ChildOptions options)
    {
        var inherited = options.IsEnvironmentChosen ? null : Environment.GetEnvironmentVariable("PATH");
        return name.Contains('/', StringComparison.Ordinal) ? name : ProgramFile.Find(name, options.Environment.GetValueOrDefault("PATH") ?? inherited);
    }

    private static ProcessStartInfo Describe(string program, IReadOnlyList<string> command, ChildOptions options)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = options.Said is not null,
            RedirectStandardError = options.Said is not null,
        };
        foreach (var word in command.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        if (options.IsEnvironmentChosen)
        {
            start.Environment.Clear();
        }

        foreach (var (name, value) in options.Environment)
        {
            start.Environment[name] = value;
        }

        foreach (var secret in options.KeepSecrets ? Secrets[^1..] : Secrets)
        {
            start.Environment.Remove(secret);
        }

        return start;
    }

    private static List<Thread> Talk(Process process, ChildOptions options)
    {
        var threads = new List<Thread> { Start(() => Feed(process.StandardInput, options.Input ?? "")) };
        if (options.Said is { } said)
        {
            threads.Add(Start(() => Listen(process.StandardOutput, options.Printed ?? said, options.LongestLine)));
            threads.Add(Start(() => Listen(process.StandardError, said, options.LongestLine)));
        }

        return threads;
    }

    private static void Join(List<Thread> threads, TimeSpan longest)
    {
        var watch = Stopwatch.StartNew();
        foreach (var thread in threads)
        {
            var left = longest - watch.Elapsed;
            thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private static Thread Start(Action body)
    {
        var thread = new Thread(() => body(), 256 * 1024) { IsBackground = true, Name = "child" };
        thread.Start();
        return thread;
    }

    private static void Feed(StreamWriter input, string text)
    {
        try
        {
            input.Write(text);
            input.Close();
        }
        catch (IOException)
        {
            // It does not want to know.
        }
    }

    private static void Listen(StreamReader output, Action<string> said, int longestLine)
    {
        var line = new StringBuilder();
        try
        {
            for (int c; (c = output.Read()) >= 0;)
            {
                if (c != '\n' && line.Length < longestLine)
                {
                    line.Append((char)c);
                }
                else if (c == '\n')
                {
                    said(line.ToString().TrimEnd('\r'));
                    line.Clear();
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody waits for the rest.
        }

        if (line.Length > 0)
        {
            said(line.ToString());
        }
    }

    private static void End(Process process, ManualResetEvent ended, TimeSpan grace)
    {
        ProcessTree.Signal(process.Id, Terminate);
        if (!ended.WaitOne(grace))
        {
            ProcessTree.Kill(process.Id);
        }
    }

    private static ChildEnd Judge(int code) => code switch
    {
        0 => new ChildEnd(0, null),
        > KilledBy => new ChildEnd(code, $"was killed by signal {code - KilledBy}"),
        _ => new ChildEnd(code, $"ended with exit code {code}"),
    };

    /// <summary>The message of .NET repeats the command, whose arguments may not be for everybody.</summary>
    private static string Reason(Win32Exception error) => new PosixError(error.NativeErrorCode).Message;
}
