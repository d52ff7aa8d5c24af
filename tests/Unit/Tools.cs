using System.Diagnostics;

namespace VertexAr.Backup.Tests;

/// <summary>Runs the tools that anybody has, to see what they make of our files.</summary>
internal static class Tools
{
    public static (int Exit, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
