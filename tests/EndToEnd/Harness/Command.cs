using System.Diagnostics;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A process that a test started: what it says is gathered as bytes, and it does not outlive its time.</summary>
internal sealed class Command : IDisposable
{
    /// <summary>Longer than anything here takes on a busy machine, where removing 100,000 files took two minutes; what exceeds it hangs.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly Process process;
    private readonly Task<byte[]> output;
    private readonly Task<byte[]> errors;
    private readonly string line;

    private Command(Process process, string line)
    {
        (this.process, this.line) = (process, line);
        output = Gather(process.StandardOutput.BaseStream);
        errors = Gather(process.StandardError.BaseStream);
        process.StandardInput.Close();
    }

    public int ProcessId => process.Id;

    public bool HasEnded => process.HasExited;

    public static Command Start(IEnumerable<string> words, IReadOnlyDictionary<string, string?>? environment = null, string? directory = null)
    {
        var all = words.ToList();
        var start = new ProcessStartInfo(all[0], all.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new Command(Process.Start(start)!, string.Join(' ', all));
    }

    /// <summary>Runs a command to its end.</summary>
    public static Result Run(IEnumerable<string> words, IReadOnlyDictionary<string, string?>? environment = null, string? directory = null)
    {
        using var command = Start(words, environment, directory);
        return command.Wait();
    }

    public static Result Run(params string[] words) => Run(words, null);

    /// <summary>Runs a bash script that must succeed. Names that are no text are written as $'\xff'.</summary>
    public static Result Shell(string script, string? directory = null)
    {
        var result = Run(["bash", "-euc", script], directory: directory);
        Assert.True(result.Code == 0, $"test set-up failed: {script}\n{result}");
        return result;
    }

    /// <summary>Makes a socket that nobody listens on.</summary>
    public static void MakeSocket(string path)
    {
        const string bind = "socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, pack_sockaddr_un($ARGV[0])) or die $!";
        Assert.Equal(0, Run("perl", "-MSocket", "-e", bind, path).Code);
    }

    public void Signal(string name) => Shell($"kill -{name} {ProcessId}");

    /// <exception cref="TimeoutException">It did not end; it was killed.</exception>
    public Result Wait()
    {
        if (!process.WaitForExit(Longest))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"did not end in {Longest.TotalSeconds} s: {line}");
        }

        process.WaitForExit();
        return new Result(line, process.ExitCode, output.Result, errors.Result);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
    }

    private static Task<byte[]> Gather(Stream stream) => Task.Run(() =>
    {
        using var gathered = new MemoryStream();
        stream.CopyTo(gathered);
        return gathered.ToArray();
    });
}
