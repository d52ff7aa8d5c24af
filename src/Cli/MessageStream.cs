using System.Text;

namespace VertexAr.Backup.Cli;

/// <summary>
/// Standard error, shared by messages and the progress line from any thread: a message first clears the line that is drawn.
/// Errors of writing are dropped; there is nowhere left to report them.
/// </summary>
internal sealed class MessageStream(Stream stream)
{
    private const string ClearLine = "\r\u001b[K";

    private readonly Lock writing = new();
    private bool drawn;

    /// <summary>Whole lines, each with its line end.</summary>
    public void Write(string lines) => Write(Encoding.UTF8.GetBytes(lines));

    public void Write(ReadOnlySpan<byte> lines)
    {
        lock (writing)
        {
            Erase();
            Send(lines);
        }
    }

    /// <summary>Shows a line that the next one, or any message, replaces. Only for terminals.</summary>
    public void Draw(string line)
    {
        lock (writing)
        {
            Send(Encoding.UTF8.GetBytes(ClearLine + line));
            drawn = true;
        }
    }

    public void Clear()
    {
        lock (writing)
        {
            Erase();
        }
    }

    private void Erase()
    {
        if (drawn)
        {
            Send(Encoding.UTF8.GetBytes(ClearLine));
            drawn = false;
        }
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
            stream.Flush();
        }
        catch (IOException)
        {
            // Standard error is closed or full; the exit code and the journal still tell.
        }
    }
}
