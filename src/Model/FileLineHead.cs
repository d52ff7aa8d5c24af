using System.Buffers;
using System.Text.Json;

namespace VertexAr.Backup.Model;

/// <summary>Makes the beginnings of a file list's lines, in one buffer that is used again.</summary>
internal sealed class FileLineHead : IDisposable
{
    private readonly ArrayBufferWriter<byte> text = new(1024);
    private readonly Utf8JsonWriter json;

    public FileLineHead() => json = FileEntryJson.CreateWriter(text);

    /// <summary>What the entry's line says before its content; valid until the next call.</summary>
    public ReadOnlySpan<byte> Of(FileEntry entry)
    {
        text.ResetWrittenCount();
        FileEntryJson.WriteHead(json, entry);
        json.Flush();
        json.Reset();
        return text.WrittenSpan;
    }

    public void Dispose() => json.Dispose();
}
