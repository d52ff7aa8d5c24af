namespace VertexAr.Backup.Core;

/// <summary>Paths as words of a command that somebody pastes into a shell.</summary>
internal static class ShellWord
{
    public static string Of(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+' or ':' or '@' or ',')
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
