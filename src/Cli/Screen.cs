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
    private readonly Action<string>? status;

    /// <param name="options">How to say things.</param>
    /// <param name="environment">Variables that tell where it is said.</param>
    /// <param name="time">The clock of the progress.</param>
    /// <param name="stop">Ends waiting for an answer.</param>
    /// <param name="status">Told of the progress where there is no terminal to show it; null for nobody.</param>
    /// <param name="offered">Completes the commands that messages offer; null where none need it.</param>
    public Screen(
        GlobalOptions options, Func<string, string?> environment, TimeProvider time, CancellationToken stop, Action<string>? status = null, OfferedCommands? offered = null)
    {
        (this.options, this.time, this.status) = (options, time, status);
        messages = new MessageStream(error);
        offered ??= new OfferedCommands();
        Output = new Output(output, options.Json) { Offered = offered };
        Log = new Log(messages, Style(options, environment), Least(options)) { Offered = offered };
        Question = new Question(messages, () => !Console.IsInputRedirected && !Console.IsErrorRedirected, () => Question.ReadLine(stop));
    }

    public Output Output { get; }

    public Log Log { get; }

    public Question Question { get; }

    /// <summary>Draws or tells the run's progress until disposed; null where nobody would see it or it is not wanted.</summary>
    public IDisposable? Progress(RunProgress progress) =>
        !(options.Quiet || options.Json || options.NoProgress || Console.IsErrorRedirected)
            ? new ProgressLine(messages, progress, time, TerminalWidth)
            : status is not null ? new ProgressStatus(status, progress, time) : null;

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
        return ThisProcess.TerminalWidth(terminal) is > 0 and var width ? width : UsualWidth;
    }
}
