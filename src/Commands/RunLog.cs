using VertexAr.Backup.Config;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary>Copies what is said to the configured log file, from now to the end of the process.</summary>
internal static class RunLog
{
    public static void Begin(Surroundings around, Settings? settings, string what)
    {
        if (settings?.LogFile is not { } path)
        {
            return;
        }

        var (file, complained) = (new LogFile(path, around.Clock), false);
        var log = around.Screen.Log;
        log.Copy = (severity, text) =>
        {
            if (file.Write(severity, text) is { } problem && !complained)
            {
                complained = true;
                log.Say(Severity.Warning, problem);
            }
        };
        log.Note(Severity.Information, $"{what} begins");
    }

    /// <summary>The line that says how it ended; the error itself follows, when it is said.</summary>
    public static void End(Surroundings around, string what, string end) => around.Screen.Log.Note(Severity.Information, $"{what} ends: {end}");
}
