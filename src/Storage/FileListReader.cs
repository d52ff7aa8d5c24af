using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Says of a path in a file list whether it is asked for.</summary>
internal delegate bool PathFilter(ReadOnlySpan<byte> path);

/// <summary>Streams a file list, line by line, in its order.</summary>
internal sealed class FileListReader : IDisposable
{
    private readonly LineReader lines;
    private byte[] last = [];

    private FileListReader(LineReader lines) => this.lines = lines;

    public static FileListReader Open(string path) => new(LineReader.Open(path, FileLineLength.Longest));

    /// <summary>Is given the lines that say what could not be saved; others never see them.</summary>
    public Action<FileEntry>? Absent { get; set; }

    /// <summary>The next entry; null at the end.</summary>
    /// <param name="files">Which files are asked for; lines of others are passed over without being read where their path can be seen at once.</param>
    /// <exception cref="DamageError">The list is not whole.</exception>
    public FileEntry? Read(PathFilter? files = null)
    {
        while (lines.TryRead(out var line))
        {
            if (files is null || !FileEntryJson.TryFindFile(line, out var path) || files(path))
            {
                var entry = FileEntryJson.Read(line);
                FileEntryJson.Expect(!ListPath.SourceName(last).SequenceEqual(ListPath.SourceName(entry.Path)) || PathOrder.Compare(last, entry.Path) < 0, "holds a path twice, or paths out of order");
                last = entry.Path;
                if (entry.Type != EntryType.Absent)
                {
                    return entry;
                }

                Absent?.Invoke(entry);
            }
        }

        return null;
    }

    public void Dispose() => lines.Dispose();
}
