using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Streams a file list, line by line, in its order.</summary>
internal sealed class FileListReader : IDisposable
{
    private readonly LineReader lines;

    private FileListReader(LineReader lines) => this.lines = lines;

    public static FileListReader Open(string path) => new(LineReader.Open(path));

    /// <summary>The next entry; null at the end.</summary>
    /// <exception cref="DamageError">The list is not whole.</exception>
    public FileEntry? Read() => lines.TryRead(out var line) ? FileEntryJson.Read(line) : null;

    public void Dispose() => lines.Dispose();
}
