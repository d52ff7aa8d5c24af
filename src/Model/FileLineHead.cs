using System.Buffers;

namespace VertexAr.Backup.Model;

/// <summary>Makes the beginnings of a file list's lines, in one buffer that is used again.</summary>
internal sealed class FileLineHead
{
    private readonly ArrayBufferWriter<byte> text = new(1024);
    private readonly FileLineWriter writer;

    public FileLineHead() => writer = new FileLineWriter(text);

    /// <summary>What the entry's line says before its content; valid until the next call.</summary>
    public ReadOnlySpan<byte> Of(FileEntry entry)
    {
        text.ResetWrittenCount();
        writer.WriteHead(entry);
        return text.WrittenSpan;
    }
}
