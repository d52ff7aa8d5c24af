using System.Buffers;
using System.Text;
using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

/// <summary>
/// Results, to standard output: text for people or JSON lines for programs. Buffered: <see cref="Flush"/> before asking or
/// waiting, and at the end. A reader that is gone ("| head") does not stop the work: what cannot be written is dropped.
/// </summary>
internal sealed class Output(Stream stream, bool json = false)
{
    private const int FlushAt = 16 * 1024;

    private readonly ArrayBufferWriter<byte> buffer = new(256);

    /// <summary>For advice: what completes the commands that it offers.</summary>
    public OfferedCommands Offered { get; init; } = new();

    /// <summary>JSON lines are wanted instead of text.</summary>
    public bool Json => json;

    /// <summary>Nobody receives the output any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Why output was lost, unless it is just that the reader left: then nobody misses it.</summary>
    public IOException? Failure { get; private set; }

    /// <summary>A line for people. Control characters in it are shown, not sent.</summary>
    public void Line(ReadOnlySpan<char> text = default)
    {
        Encoding.UTF8.GetBytes(Printable.IsPlain(text) ? text : Printable.Escape(text.ToString()), buffer);
        Text("\n");
    }

    public void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Line(line);
        }
    }

    /// <summary>Text of the program's own, with its line ends, such as help.</summary>
    public void Text(string text)
    {
        Encoding.UTF8.GetBytes(text, buffer);
        FlushIfFull();
    }

    /// <summary>A line for programs: an object that begins with its message_type.</summary>
    public void Record(string messageType, Action<Utf8JsonWriter> fields)
    {
        JsonLine.Write(buffer, messageType, fields);
        FlushIfFull();
    }

    public void Flush()
    {
        try
        {
            if (!IsBroken && buffer.WrittenCount > 0)
            {
                stream.Write(buffer.WrittenSpan);
                stream.Flush();
            }
        }
        catch (IOException e)
        {
            IsBroken = true;
            Failure = PosixError.NumberOf(e) == PosixError.BrokenPipe ? null : e;
        }

        buffer.ResetWrittenCount();
    }

    private void FlushIfFull()
    {
        if (buffer.WrittenCount >= FlushAt)
        {
            Flush();
        }
    }
}
