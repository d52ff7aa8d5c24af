using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary><c>notify</c>: tells something on every channel, and says what became of it.</summary>
internal static class NotifyVerb
{
    private const int LongestText = 64 * 1024;
    private const int PauseMilliseconds = 200;

    public static ExitCode Run(Surroundings around, NotifyCommand command)
    {
        // Nothing else in the configuration need be right: a wrong one is a reason to tell.
        var notify = SettingsLoader.Notify(around.Options.ConfigFile, around.Environment);
        BecomeOwner(around);
        var channels = Channels.Open(around, notify);
        if (channels.Count == 0)
        {
            throw UserError.Usage("there is nobody to tell: 'notify' in the configuration names no channel", "man vertex-ar-backup.json explains them");
        }

        var text = Console.IsInputRedirected ? ReadInput(around.Stop) : "";
        var told = Channels.Tell(around, channels, Channels.Compose(command.Subject, text, command.Failure ? HealthSign.Failure : HealthSign.Note));
        foreach (var one in told)
        {
            Report(around, one);
        }

        around.Stop.ThrowIfCancellationRequested();
        return told.All(one => one.Problem is null) ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>As the runs do: what works here works for them.</summary>
    private static void BecomeOwner(Surroundings around)
    {
        try
        {
            around.BecomeOwner(around.FindBackupDirectory());
        }
        catch (UserError)
        {
            // There is no such directory; but there are channels.
        }
    }

    private static void Report(Surroundings around, Told told)
    {
        if (around.Output.Json)
        {
            around.Output.Record("told", json =>
            {
                json.WriteString("channel", told.Channel);
                json.WriteString("problem", told.Problem);
            });
        }
        else if (told.Problem is { } problem)
        {
            around.Screen.Log.Say(Severity.Error, $"{told.Channel} was not told: {problem}");
        }
        else if (!around.Options.Quiet)
        {
            around.Output.Line($"{told.Channel} was told");
        }
    }

    private static string ReadInput(CancellationToken stop)
    {
        using var handle = new SafeFileHandle(0, ownsHandle: false);
        using var input = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        var buffer = new byte[LongestText];
        try
        {
            for (var length = 0; ;)
            {
                while (!Posix.HasInput(handle, PauseMilliseconds))
                {
                    stop.ThrowIfCancellationRequested();
                }

                var read = input.Read(buffer, length, buffer.Length - length);
                length += read;
                if (read == 0)
                {
                    return Encoding.UTF8.GetString(buffer, 0, length);
                }
            }
        }
        catch (IOException)
        {
            return ""; // Standard input is closed.
        }
    }
}
