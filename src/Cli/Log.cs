using System.Buffers;
using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>How messages are dressed.</summary>
internal enum LogStyle
{
    /// <summary>For people, and for files.</summary>
    Plain,

    /// <summary>Each line begins with its priority, as systemd reads it: "&lt;4&gt;warning: …".</summary>
    Journal,

    /// <summary>JSON lines.</summary>
    Json,
}

/// <summary>Messages, to standard error. Notices that matter less than <paramref name="least"/> are not shown.</summary>
internal sealed class Log(MessageStream messages, LogStyle style = LogStyle.Plain, Severity least = Severity.Information)
{
    /// <summary>Completes the commands that messages offer.</summary>
    public OfferedCommands Offered { get; init; } = new();

    /// <summary>Told each line too that matters as much as information, whatever is shown, escaped. From any thread.</summary>
    public Action<Severity, string>? Copy { get; set; }

    /// <summary>For <see cref="RunProgress"/> to hand its notices to. May be called from any thread.</summary>
    public void Say(Notice notice)
    {
        notice = notice with { Text = Offered.Complete(notice.Text) };
        if (notice.Severity <= Severity.Information)
        {
            Note(notice.Severity, Full(notice));
        }

        if (notice.Severity > least)
        {
            return;
        }

        if (style == LogStyle.Json)
        {
            SayJson(notice);
        }
        else
        {
            messages.Write(Dressed(notice.Severity, Prefix(notice.Severity) + Full(notice)));
        }
    }

    public void Say(Severity severity, string text, string? path = null) => Say(new Notice(severity, text, path));

    /// <summary>For the copy alone.</summary>
    public void Note(Severity severity, string text) => Copy?.Invoke(severity, Printable.Escape(text));

    /// <summary>
    /// The sentence that ends the program, and what to do next. A message of several lines (a configuration's errors) stays one
    /// of several lines; those after the first are indented, so that no part of a file name can pass for a message.
    /// </summary>
    public void Fail(UserError error)
    {
        var (message, advice) = (Offered.Complete(error.Message), error.Hint is null ? null : Offered.Complete(error.Hint));
        Note(Severity.Error, advice is null ? message : $"{message}; hint: {advice}");
        if (style == LogStyle.Json)
        {
            ExitJson((int)error.Code, message, advice);
            return;
        }

        var lines = message.Split('\n').Select((line, i) => i == 0 ? Prefix(Severity.Error) + line : "  " + line);
        var hint = advice is null ? [] : advice.Split('\n').Select((line, i) => i == 0 ? "hint: " + line : "  " + line);
        messages.Write(string.Concat(lines.Concat(hint).Select(line => Dressed(Severity.Error, line))));
    }

    /// <summary>A bug: here, and only here, a stack trace helps.</summary>
    public void Crash(Exception bug)
    {
        Note(Severity.Error, $"internal error: {bug}");
        if (style == LogStyle.Json)
        {
            ExitJson((int)ExitCode.Failed, "internal error: " + bug, hint: null);
            return;
        }

        var lines = $"internal error, please report it: {bug}".Split('\n');
        messages.Write(string.Concat(lines.Select(line => Dressed(Severity.Error, line.TrimEnd('\r')))));
    }

    /// <summary>
    /// Whether standard error is the journal's: systemd names the socket in JOURNAL_STREAM, and the link of the descriptor says
    /// which one it is. A script in a unit that redirects the program to a file thus gets no prefixes into it.
    /// </summary>
    public static bool IsJournal(string? journalStream, Func<string?> errorLink) =>
        journalStream?.Split(':') is [_, var inode] && errorLink() == $"socket:[{inode}]";

    private static string Full(Notice notice) =>
        notice.Path is { } path && !Names(notice.Text, path) ? $"{path}: {notice.Text}" : notice.Text;

    /// <summary>Whether a text says already what it is about. The name of a source may be any word of it, so only quotation marks tell.</summary>
    private static bool Names(string text, string path) =>
        text.Contains(path.Contains('/', StringComparison.Ordinal) ? path : $"'{path}'", StringComparison.Ordinal);

    private static string Prefix(Severity severity) => severity switch
    {
        Severity.Error => "error: ",
        Severity.Warning => "warning: ",
        _ => "",
    };

    private string Dressed(Severity severity, string line)
    {
        var priority = style == LogStyle.Journal ? string.Create(CultureInfo.InvariantCulture, $"<{(int)severity}>") : "";
        return priority + Printable.Escape(line) + "\n";
    }

    private void SayJson(Notice notice)
    {
        var line = new ArrayBufferWriter<byte>();
        JsonLine.Write(line, "notice", json =>
        {
            json.WriteString("severity", Word(notice.Severity));
            json.WriteString("text", notice.Text);
            if (notice.Path is not null)
            {
                json.WriteString("path", notice.Path);
            }
        });
        messages.Write(line.WrittenSpan);
    }

    private void ExitJson(int code, string message, string? hint)
    {
        var line = new ArrayBufferWriter<byte>();
        JsonLine.Write(line, "exit_error", json =>
        {
            json.WriteNumber("code", code);
            json.WriteString("message", message);
            if (hint is not null)
            {
                json.WriteString("hint", hint);
            }
        });
        messages.Write(line.WrittenSpan);
    }

    private static string Word(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        Severity.Information => "information",
        _ => "detail",
    };
}
