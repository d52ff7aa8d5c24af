using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary><c>--version</c>.</summary>
internal static class VersionVerb
{
    public const string Version = BuiltWith.Version;

    public static ExitCode Run(Surroundings around)
    {
        around.Output.Line($"{CommandTable.Program} {Version}");
        return ExitCode.Done;
    }
}
