namespace VertexAr.Backup.Core;

/// <summary>Other programs on this machine.</summary>
internal static class ProgramFile
{
    /// <summary>Where a program is: a name with a slash is taken as it is, another looked for in PATH, but in no directory that is relative to the current one. Null if it may not be run or is not there.</summary>
    public static string? Find(string name, string? path)
    {
        var places = name.Contains('/', StringComparison.Ordinal)
            ? [name]
            : (path is { Length: > 0 } ? path : ChildEnvironment.UsualPath).Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathFullyQualified).Select(directory => Path.Combine(directory, name));
        return places.FirstOrDefault(place => Posix.Refusal(place, AccessKind.Execute) is null && !Directory.Exists(place));
    }
}
