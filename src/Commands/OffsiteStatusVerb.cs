using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

internal static class OffsiteStatusVerb
{
    public static ExitCode Run(Surroundings around, OffsiteStatusCommand command) => throw new NotSupportedException(command.ToString() + around.Options);
}
