using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>
/// Writes a file list's lines as JSON, by hand: there may be a million of them, and each is made once more to see whether its
/// file changed. A path or link that is not UTF-8 is written twice, readable under its own key and exact in base64 under the
/// key with <c>_b64</c>; the exact one counts.
/// </summary>
internal sealed class FileLineWriter(ArrayBufferWriter<byte> output)
{
    private const int LongestNumber = 20;

    /// <summary>What one byte can become: <c>\u001f</c>.</summary>
    private const int LongestEscape = 6;

    /// <summary>Writes one line, with its line feed.</summary>
    public void Write(FileEntry entry)
    {
        WriteHead(entry);
        ExtendedAttributesJson.Write(output, entry);
        if (entry.HasContent)
        {
            WritePieces(entry.Pieces);
        }

        WriteName(",\"reason\":"u8, entry.Reason);
        Put("}\n"u8);
    }

    /// <summary>Writes a line's beginning, up to attributes and content: what is known of a file without opening it.</summary>
    public void WriteHead(FileEntry entry)
    {
        WriteBytes("{\"path\":"u8, ",\"path_b64\":\""u8, entry.Path);
        Put(entry.Type switch
        {
            EntryType.File => ",\"type\":\"file\""u8,
            EntryType.Directory => ",\"type\":\"directory\""u8,
            EntryType.Symlink => ",\"type\":\"symlink\""u8,
            EntryType.HardLink => ",\"type\":\"hardlink\""u8,
            EntryType.Fifo => ",\"type\":\"fifo\""u8,
            EntryType.BlockDevice => ",\"type\":\"block\""u8,
            EntryType.CharacterDevice => ",\"type\":\"char\""u8,
            EntryType.Absent => ",\"type\":\"absent\""u8,
            _ => throw new ArgumentOutOfRangeException(nameof(entry)),
        });
        WriteMode(entry.Mode);
        WriteNumber(",\"uid\":"u8, entry.Uid);
        WriteNumber(",\"gid\":"u8, entry.Gid);
        WriteName(",\"user\":"u8, entry.User);
        WriteName(",\"group\":"u8, entry.Group);
        WriteNumber(",\"size\":"u8, entry.Size);
        WriteTime(",\"mtime\":\""u8, entry.Modified);
        WriteTime(",\"ctime\":\""u8, entry.Changed);
        WriteNumber(",\"inode\":"u8, entry.Inode);
        if (entry.Target is not null)
        {
            WriteBytes(",\"target\":"u8, ",\"target_b64\":\""u8, entry.Target);
        }

        if (entry.Wal is { } wal)
        {
            WriteNumber(",\"wal\":{\"size\":"u8, wal.Size);
            WriteTime(",\"mtime\":\""u8, wal.Modified);
            WriteTime(",\"ctime\":\""u8, wal.Changed);
            WriteNumber(",\"inode\":"u8, wal.Inode);
            Put("}"u8);
        }
    }

    private void WritePieces(Piece[] pieces)
    {
        if (pieces.Length == 1 && !pieces[0].IsHole)
        {
            Put(",\"sha256\":"u8);
            WriteDigest("\""u8, pieces[0].Sha256);
        }

        Put(",\"pieces\":["u8);
        for (var i = 0; i < pieces.Length; i++)
        {
            var piece = pieces[i];
            WriteNumber(i == 0 ? "["u8 : ",["u8, piece.Pack);
            WriteNumber(","u8, piece.Offset);
            WriteNumber(","u8, piece.Entry);
            WriteNumber(","u8, piece.Length);
            if (!piece.IsHole)
            {
                WriteDigest(",\""u8, piece.Sha256);
            }

            Put("]"u8);
        }

        Put("]"u8);
    }

    private void WriteBytes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> exactKey, byte[] value)
    {
        Put(key);
        if (Utf8.IsValid(value))
        {
            WriteText(value);
            return;
        }

        WriteText(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(value)));
        Put(exactKey);
        var space = output.GetSpan(Base64.GetMaxEncodedToUtf8Length(value.Length));
        _ = Base64.EncodeToUtf8(value, space, out _, out var length);
        output.Advance(length);
        Put("\""u8);
    }

    private void WriteName(ReadOnlySpan<byte> key, string? value)
    {
        if (value is not null)
        {
            Put(key);
            WriteText(Encoding.UTF8.GetBytes(value));
        }
    }

    /// <param name="text">Valid UTF-8.</param>
    private void WriteText(ReadOnlySpan<byte> text)
    {
        Put("\""u8);
        if (text.ContainsAnyExceptInRange((byte)' ', (byte)'~') || text.ContainsAny((byte)'"', (byte)'\\'))
        {
            var space = output.GetSpan(text.Length * LongestEscape);
            _ = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, space, out _, out var length);
            output.Advance(length);
        }
        else
        {
            Put(text);
        }

        Put("\""u8);
    }

    /// <summary>Octal, as chmod takes it.</summary>
    private void WriteMode(int mode)
    {
        Put(",\"mode\":\""u8);
        var text = output.GetSpan(4);
        for (var i = 3; i >= 0; i--, mode >>= 3)
        {
            text[i] = (byte)('0' + (mode & 7));
        }

        output.Advance(4);
        Put("\""u8);
    }

    private void WriteTime(ReadOnlySpan<byte> key, FileTime time)
    {
        Put(key);
        output.Advance(time.Format(output.GetSpan(FileTime.MaxText)));
        Put("\""u8);
    }

    private void WriteNumber(ReadOnlySpan<byte> key, long number)
    {
        Put(key);
        _ = Utf8Formatter.TryFormat(number, output.GetSpan(LongestNumber), out var length);
        output.Advance(length);
    }

    private void WriteNumber(ReadOnlySpan<byte> key, ulong number)
    {
        Put(key);
        _ = Utf8Formatter.TryFormat(number, output.GetSpan(LongestNumber), out var length);
        output.Advance(length);
    }

    private void WriteDigest(ReadOnlySpan<byte> key, in Digest digest)
    {
        Put(key);
        digest.Format(output.GetSpan(Digest.TextSize)[..Digest.TextSize]);
        output.Advance(Digest.TextSize);
        Put("\""u8);
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        text.CopyTo(output.GetSpan(text.Length));
        output.Advance(text.Length);
    }
}
