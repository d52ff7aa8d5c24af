using System.Diagnostics;

namespace VertexAr.Backup.Tests;

/// <summary>Runs the tools that anybody has, to see what they make of our files.</summary>
internal static class Tools
{
    /// <summary>Makes a socket that nobody listens on: a file that has no place in a backup.</summary>
    public static void MakeSocket(string path) => Assert.Equal(
        (0, ""), Run("perl", "-MSocket", "-e", "socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, pack_sockaddr_un($ARGV[0])) or die $!", path));

    public static (int Exit, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
