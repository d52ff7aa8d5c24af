using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary>
/// Whether others than root, or the one who restores, could have put set-user-ID, capabilities or device nodes into what is restored: they
/// would get rights by it that they do not have. Each is the end of a sentence; null if nobody could.
/// </summary>
internal static class RestoreDistrust
{
    /// <summary>Whoever may write to the bucket, and its provider.</summary>
    public static Lazy<string?> FromOffsite { get; } = new("others can write to the copies off-site");

    /// <summary>A repository: its directory, with all that is in it.</summary>
    public static Lazy<string?> OfRepository(string directory) => new(() => Sentence(Exposure.FindIn(directory, Exposure.Ourselves)));

    public static Lazy<string?> OfFiles(IEnumerable<string> files) =>
        new(() => Sentence(files.Select(file => Exposure.Find(Path.GetFullPath(file), Exposure.Ourselves)).FirstOrDefault(found => found is not null)));

    private static string? Sentence(Exposure? found) => found is null ? null : $"others can write to the backups ({found.Sentence})";
}
