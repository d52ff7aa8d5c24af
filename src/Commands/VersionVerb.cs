using System.Reflection;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary><c>--version</c>.</summary>
internal static class VersionVerb
{
    public static string Version =>
        typeof(VersionVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static ExitCode Run(Surroundings around)
    {
        around.Output.Line($"{CommandTable.Program} {Version}");
        return ExitCode.Done;
    }
}
