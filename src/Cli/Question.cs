using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

internal enum Answer
{
    No,
    Yes,

    /// <summary>There is nobody to ask: the caller refuses, and names the option that answers beforehand.</summary>
    CannotAsk,
}

/// <summary>Asks on the terminal. Anything but a clear yes is a no, the end of input too.</summary>
internal sealed class Question(MessageStream messages, Func<bool> canAsk, Func<string?> readLine)
{
    private const int PauseMilliseconds = 100;

    public Answer Ask(string question)
    {
        if (!canAsk())
        {
            return Answer.CannotAsk;
        }

        // Control characters are shown here too: the question may name files.
        messages.Write(Printable.Escape(question) + " [y/N] ");
        return readLine()?.Trim().ToUpperInvariant() is "Y" or "YES" ? Answer.Yes : Answer.No;
    }

    /// <summary>
    /// A line from standard input as the terminal hands it over; null at its end. Console would first put the terminal into
    /// another mode, and would not let an interrupt through.
    /// </summary>
    /// <exception cref="OperationCanceledException">The user would rather stop than answer.</exception>
    public static string? ReadLine(CancellationToken stop)
    {
        using var handle = new SafeFileHandle(0, ownsHandle: false);
        using var input = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        var line = new List<byte>();
        int read;
        do
        {
            while (!Posix.HasInput(handle, PauseMilliseconds))
            {
                stop.ThrowIfCancellationRequested();
            }

            read = input.ReadByte();
            line.Add((byte)read);
        }
        while (read is >= 0 and not '\n');

        line.RemoveAt(line.Count - 1);
        return read < 0 && line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
    }
}
