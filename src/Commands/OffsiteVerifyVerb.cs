using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

internal static class OffsiteVerifyVerb
{
    public static ExitCode Run(Surroundings around, OffsiteVerifyCommand command) => throw new NotSupportedException(command.ToString() + around.Options);
}
