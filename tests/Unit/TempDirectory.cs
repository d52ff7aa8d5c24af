namespace VertexAr.Backup.Tests;

/// <summary>A directory of a test's own, gone afterwards.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("vertex-ar-backup-unit-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public string Make(string name) => Directory.CreateDirectory(this[name]).FullName;

    public string Write(string name, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    /// <summary>By rm, which takes names that are not UTF-8 and paths that are too long.</summary>
    public void Dispose() => Tools.Run("rm", "-rf", Root);
}
