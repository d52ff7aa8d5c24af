using System.Diagnostics;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A process that a test started: what it says is gathered as bytes, and it does not outlive its time.</summary>
internal sealed class Command : IDisposable
{
    /// <summary>Longer than anything here takes on a busy machine; what exceeds it hangs.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(100);

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

/// <summary>How a command ended and what it said.</summary>
internal sealed record Result(string Line, int Code, byte[] Bytes, byte[] ErrorBytes)
{
    public string Output { get; } = Encoding.UTF8.GetString(Bytes);

    public string Errors { get; } = Encoding.UTF8.GetString(ErrorBytes);

    /// <summary>Checks the exit code; a difference is told with everything that was said.</summary>
    public Result Ends(int code)
    {
        Assert.True(Code == code, $"expected exit code {code}\n{this}");
        return this;
    }

    public Result Succeeds() => Ends(0);

    /// <summary>Fails as documented: this exit code, these words on standard error, no stack trace, nothing on standard output.</summary>
    public Result Fails(int code, params string[] words)
    {
        Ends(code);
        Says(words);
        Assert.True(!Errors.Contains("   at ", StringComparison.Ordinal) && Output.Length == 0, $"a stack trace, or a result\n{this}");
        return this;
    }

    /// <summary>Checks that standard error holds these words.</summary>
    public Result Says(params string[] words)
    {
        foreach (var word in words)
        {
            Assert.True(Errors.Contains(word, StringComparison.Ordinal), $"'{word}' is not said\n{this}");
        }

        return this;
    }

    /// <summary>Checks that standard output holds these words.</summary>
    public Result Prints(params string[] words)
    {
        foreach (var word in words)
        {
            Assert.True(Output.Contains(word, StringComparison.Ordinal), $"'{word}' is not printed\n{this}");
        }

        return this;
    }

    public override string ToString() => $"$ {Line}\nexit code {Code}\n--- stdout\n{Output}--- stderr\n{Errors}";
}
