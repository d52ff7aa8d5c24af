namespace VertexAr.Backup.Core;

/// <summary>Paths as text.</summary>
internal static class PathPrefix
{
    /// <summary>Whether the path is the directory, or below it. Both absolute and without a slash at the end, but for "/".</summary>
    public static bool Holds(string directory, string path) =>
        directory == "/" || (path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/'));
}
