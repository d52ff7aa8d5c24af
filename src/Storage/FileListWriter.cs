using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Writes a file list as gzip members of whole lines, so that what a run had listed when it was cut off can be read.</summary>
internal sealed class FileListWriter : IDisposable
{
    private const int LineBatch = 64 * 1024;

    private readonly SafeFileHandle file;
    private readonly HashingStream output;
    private readonly ArrayBufferWriter<byte> batch = new(2 * LineBatch);
    private readonly FileLineWriter lines;
    private GZipStream? member;

    public FileListWriter(string path)
    {
        file = AtomicFile.Create(path);
        output = new HashingStream(file);
        lines = new FileLineWriter(batch);
    }

    public long Lines { get; private set; }

    public void Write(FileEntry entry)
    {
        lines.Write(entry);
        EndLine();
    }

    /// <summary>Writes an earlier list's line, with its pack's line in this list's table.</summary>
    public void Write(KnownLine line, int pack)
    {
        batch.Write(line.BeforePack);
        _ = Utf8Formatter.TryFormat(pack, batch.GetSpan(11), out var digits);
        batch.Advance(digits);
        batch.Write(line.AfterPack);
        batch.Write("\n"u8);
        EndLine();
    }

    /// <summary>Ends the gzip member and puts the list so far on disk; returns its length in bytes.</summary>
    public long Checkpoint()
    {
        EndMember();
        output.WriteOut();
        Posix.Sync(file);
        return output.Length;
    }

    /// <summary>Ends the list. It is on disk, and closed, when this returns.</summary>
    public PartFile Finish()
    {
        EndMember();
        if (output.Length == 0)
        {
            output.Write(EmptyGzip.File);
        }

        var (sha256, _) = output.Finish();
        Posix.Sync(file);
        file.Dispose();
        return new PartFile(output.Length, sha256, Lines);
    }

    public void Dispose()
    {
        member?.Dispose();
        output.Dispose();
        file.Dispose();
    }

    private void EndLine()
    {
        Lines++;
        if (batch.WrittenCount >= LineBatch)
        {
            Compress();
        }
    }

    private void EndMember()
    {
        Compress();
        member?.Dispose();
        member = null;
    }

    private void Compress()
    {
        if (batch.WrittenCount > 0)
        {
            member ??= new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
            member.Write(batch.WrittenSpan);
            batch.ResetWrittenCount();
        }
    }
}
