using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>Everything a command says and asks, dressed as the global options and the surroundings want it.</summary>
internal sealed class Screen : IDisposable
{
    private const int UsualWidth = 80;

    private readonly DescriptorStream output = new(DescriptorStream.Out);
    private readonly DescriptorStream error = new(DescriptorStream.Error);
    private readonly MessageStream messages;
    private readonly GlobalOptions options;
    private readonly TimeProvider time;

    public Screen(GlobalOptions options, Func<string, string?> environment, TimeProvider time, CancellationToken stop)
    {
        (this.options, this.time) = (options, time);
        messages = new MessageStream(error);
        Output = new Output(output, options.Json);
        Log = new Log(messages, Style(options, environment), Least(options));
        Question = new Question(messages, () => !Console.IsInputRedirected && !Console.IsErrorRedirected, () => Question.ReadLine(stop));
    }

    public Output Output { get; }

    public Log Log { get; }

    public Question Question { get; }

    /// <summary>Draws the run's progress until disposed; null where nobody would see it or it is not wanted.</summary>
    public ProgressLine? Progress(RunProgress progress) =>
        options.Quiet || options.Json || options.NoProgress || Console.IsErrorRedirected
            ? null
            : new ProgressLine(messages, progress, time, TerminalWidth);

    /// <summary>Text of the program's own, with its line ends, to standard error: help that nobody asked for.</summary>
    public void Explain(string text) => messages.Write(text);

    /// <summary>Sends what is still buffered. <see cref="Log"/> stays usable, for the last word of Program.</summary>
    public void Dispose()
    {
        Output.Flush();
        output.Dispose();
        error.Dispose();
    }

    private static LogStyle Style(GlobalOptions options, Func<string, string?> environment) =>
        options.Json ? LogStyle.Json
        : Log.IsJournal(environment("JOURNAL_STREAM"), () => new FileInfo("/proc/self/fd/2").LinkTarget) ? LogStyle.Journal
        : LogStyle.Plain;

    private static Severity Least(GlobalOptions options) =>
        options.Quiet ? Severity.Warning : options.Verbose ? Severity.Detail : Severity.Information;

    private static int TerminalWidth()
    {
        using var terminal = new SafeFileHandle(DescriptorStream.Error, ownsHandle: false);
        return Posix.TerminalWidth(terminal) is > 0 and var width ? width : UsualWidth;
    }
}
