using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>
/// A file list's lines as JSON, written by hand: there may be a million of them. A path or link that is not UTF-8 is written
/// twice, readable under its own key and exact in base64 under the key with <c>_b64</c>; the exact one counts.
/// </summary>
internal static class FileEntryJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static Utf8JsonWriter CreateWriter(IBufferWriter<byte> output) => new(output, Options);

    /// <summary>Writes one line, with its line feed.</summary>
    public static void Write(Utf8JsonWriter json, IBufferWriter<byte> output, FileEntry entry)
    {
        WriteHead(json, entry);
        if (entry.HasContent)
        {
            WritePieces(json, entry.Pieces);
        }

        json.WriteEndObject();
        json.Flush();
        json.Reset();
        output.Write("\n"u8);
    }

    /// <summary>Writes a line's beginning, up to the content: what is known of a file without reading it.</summary>
    public static void WriteHead(Utf8JsonWriter json, FileEntry entry)
    {
        json.WriteStartObject();
        WriteBytes(json, "path"u8, "path_b64"u8, entry.Path);
        json.WriteString("type"u8, entry.Type.Word());
        WriteMode(json, entry.Mode);
        json.WriteNumber("uid"u8, entry.Uid);
        json.WriteNumber("gid"u8, entry.Gid);
        WriteOptional(json, "user"u8, entry.User);
        WriteOptional(json, "group"u8, entry.Group);
        json.WriteNumber("size"u8, entry.Size);
        WriteTime(json, "mtime"u8, entry.Modified);
        WriteTime(json, "ctime"u8, entry.Changed);
        json.WriteNumber("inode"u8, entry.Inode);
        if (entry.Target is not null)
        {
            WriteBytes(json, "target"u8, "target_b64"u8, entry.Target);
        }

        if (entry.Wal is { } wal)
        {
            json.WriteStartObject("wal"u8);
            json.WriteNumber("size"u8, wal.Size);
            WriteTime(json, "mtime"u8, wal.Modified);
            WriteTime(json, "ctime"u8, wal.Changed);
            json.WriteNumber("inode"u8, wal.Inode);
            json.WriteEndObject();
        }
    }

    /// <summary>Reads one line.</summary>
    /// <exception cref="DamageError">The line is not what <see cref="Write"/> makes, or names a path that leads out of the snapshot.</exception>
    public static FileEntry Read(ReadOnlySpan<byte> line)
    {
        try
        {
            var fields = new FileEntryFields();
            var json = new Utf8JsonReader(line);
            Expect(json.Read() && json.TokenType == JsonTokenType.StartObject, "a line is no object");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                fields.Read(ref json);
            }

            Expect(json.TokenType == JsonTokenType.EndObject && !json.Read(), "a line does not end where it should");
            return fields.ToEntry();
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or OverflowException)
        {
            throw new DamageError("holds a line that cannot be read", e);
        }
    }

    internal static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new DamageError(otherwise);
        }
    }

    private static void WriteBytes(Utf8JsonWriter json, ReadOnlySpan<byte> key, ReadOnlySpan<byte> exactKey, byte[] value)
    {
        if (Utf8.IsValid(value))
        {
            json.WriteString(key, value);
            return;
        }

        json.WriteString(key, Encoding.UTF8.GetString(value));
        json.WriteBase64String(exactKey, value);
    }

    private static void WriteOptional(Utf8JsonWriter json, ReadOnlySpan<byte> key, string? value)
    {
        if (value is not null)
        {
            json.WriteString(key, value);
        }
    }

    /// <summary>Octal, as chmod takes it.</summary>
    private static void WriteMode(Utf8JsonWriter json, int mode)
    {
        Span<byte> text = stackalloc byte[4];
        for (var i = 3; i >= 0; i--, mode >>= 3)
        {
            text[i] = (byte)('0' + (mode & 7));
        }

        json.WriteString("mode"u8, text);
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> key, FileTime time)
    {
        Span<byte> text = stackalloc byte[FileTime.MaxText];
        json.WriteString(key, text[..time.Format(text)]);
    }

    private static void WritePieces(Utf8JsonWriter json, Piece[] pieces)
    {
        Span<byte> hex = stackalloc byte[Digest.TextSize];
        if (pieces.Length == 1 && !pieces[0].IsHole)
        {
            pieces[0].Sha256.Format(hex);
            json.WriteString("sha256"u8, hex);
        }

        json.WriteStartArray("pieces"u8);
        foreach (var piece in pieces)
        {
            json.WriteStartArray();
            json.WriteNumberValue(piece.Pack);
            json.WriteNumberValue(piece.Offset);
            json.WriteNumberValue(piece.Entry);
            json.WriteNumberValue(piece.Length);
            if (!piece.IsHole)
            {
                piece.Sha256.Format(hex);
                json.WriteStringValue(hex);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>The fields of a line while it is read.</summary>
    private ref struct FileEntryFields
    {
        private byte[]? path;
        private byte[]? exactPath;
        private byte[]? target;
        private byte[]? exactTarget;
        private EntryType? type;
        private int mode;
        private uint uid;
        private uint gid;
        private string? user;
        private string? group;
        private long size;
        private FileTime? modified;
        private FileTime? changed;
        private ulong inode;
        private WalStatus? wal;
        private Piece[]? pieces;

        public void Read(ref Utf8JsonReader json)
        {
            // Unknown keys are passed over: what a reader must know is announced in the header.
            if (json.ValueTextEquals("path"u8)) { path = Text(ref json); }
            else if (json.ValueTextEquals("type"u8)) { type = Type(ref json); }
            else if (json.ValueTextEquals("mode"u8)) { mode = Mode(ref json); }
            else if (json.ValueTextEquals("uid"u8)) { json.Read(); uid = json.GetUInt32(); }
            else if (json.ValueTextEquals("gid"u8)) { json.Read(); gid = json.GetUInt32(); }
            else if (json.ValueTextEquals("user"u8)) { json.Read(); user = string.Intern(json.GetString() ?? ""); }
            else if (json.ValueTextEquals("group"u8)) { json.Read(); group = string.Intern(json.GetString() ?? ""); }
            else if (json.ValueTextEquals("size"u8)) { json.Read(); size = json.GetInt64(); }
            else if (json.ValueTextEquals("mtime"u8)) { modified = Time(ref json); }
            else if (json.ValueTextEquals("ctime"u8)) { changed = Time(ref json); }
            else if (json.ValueTextEquals("inode"u8)) { json.Read(); inode = json.GetUInt64(); }
            else if (json.ValueTextEquals("pieces"u8)) { pieces = ReadPieces(ref json); }
            else if (json.ValueTextEquals("target"u8)) { target = Text(ref json); }
            else if (json.ValueTextEquals("path_b64"u8)) { json.Read(); exactPath = json.GetBytesFromBase64(); }
            else if (json.ValueTextEquals("target_b64"u8)) { json.Read(); exactTarget = json.GetBytesFromBase64(); }
            else if (json.ValueTextEquals("wal"u8)) { wal = ReadWal(ref json); }
            else { json.Skip(); }
        }

        public readonly FileEntry ToEntry()
        {
            var entry = new FileEntry
            {
                Path = exactPath ?? path ?? throw new DamageError("holds a line without a path"),
                Type = type ?? throw new DamageError("holds a line without a type"),
                Mode = mode,
                Uid = uid,
                Gid = gid,
                User = user,
                Group = group,
                Size = size,
                Modified = modified ?? throw new DamageError("holds a line without a time"),
                Changed = changed ?? default,
                Inode = inode,
                Target = exactTarget ?? target,
                Wal = wal,
                Pieces = pieces ?? [],
            };
            EntryRules.Check(entry);
            return entry;
        }

        private static byte[] Text(ref Utf8JsonReader json)
        {
            json.Read();
            Expect(json.TokenType == JsonTokenType.String, "holds a path that is no text");
            var buffer = new byte[json.ValueSpan.Length];
            var length = json.CopyString(buffer);
            return length == buffer.Length ? buffer : buffer[..length];
        }

        private static EntryType Type(ref Utf8JsonReader json)
        {
            json.Read();
            return json.ValueTextEquals("file"u8) ? EntryType.File
                : json.ValueTextEquals("directory"u8) ? EntryType.Directory
                : json.ValueTextEquals("symlink"u8) ? EntryType.Symlink
                : json.ValueTextEquals("hardlink"u8) ? EntryType.HardLink
                : throw new DamageError("holds a line of an unknown type");
        }

        private static int Mode(ref Utf8JsonReader json)
        {
            json.Read();
            var mode = 0;
            foreach (var digit in json.ValueSpan)
            {
                Expect(digit is >= (byte)'0' and <= (byte)'7' && json.ValueSpan.Length <= 4, "holds a line with a bad mode");
                mode = (mode << 3) | (digit - '0');
            }

            return mode;
        }

        private static FileTime Time(ref Utf8JsonReader json)
        {
            json.Read();
            Expect(FileTime.TryParse(json.ValueSpan, out var time), "holds a line with a bad time");
            return time;
        }

        private static WalStatus ReadWal(ref Utf8JsonReader json)
        {
            var (bytes, inode, modified, changed) = (0L, 0UL, default(FileTime), default(FileTime));
            Expect(json.Read() && json.TokenType == JsonTokenType.StartObject, "holds a line with a bad wal");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("size"u8)) { json.Read(); bytes = json.GetInt64(); }
                else if (json.ValueTextEquals("mtime"u8)) { modified = Time(ref json); }
                else if (json.ValueTextEquals("ctime"u8)) { changed = Time(ref json); }
                else if (json.ValueTextEquals("inode"u8)) { json.Read(); inode = json.GetUInt64(); }
                else { json.Skip(); }
            }

            return new WalStatus(bytes, modified, changed, inode);
        }

        private static Piece[] ReadPieces(ref Utf8JsonReader json)
        {
            Expect(json.Read() && json.TokenType == JsonTokenType.StartArray, "holds a line with bad pieces");
            Piece? first = null;
            List<Piece>? all = null;
            while (json.Read() && json.TokenType == JsonTokenType.StartArray)
            {
                var piece = ReadPiece(ref json);
                if (first is null)
                {
                    first = piece;
                }
                else
                {
                    (all ??= [first.Value]).Add(piece);
                }
            }

            return all?.ToArray() ?? (first is { } only ? [only] : []);
        }

        private static Piece ReadPiece(ref Utf8JsonReader json)
        {
            json.Read();
            var pack = json.GetInt32();
            json.Read();
            var offset = json.GetInt64();
            json.Read();
            var entry = json.GetInt32();
            json.Read();
            var length = json.GetInt64();
            Digest sha256 = default;
            if (pack != Piece.NoPack)
            {
                json.Read();
                Expect(json.TokenType == JsonTokenType.String && Digest.TryParse(json.ValueSpan, out sha256), "holds a bad SHA-256");
            }

            Expect(json.Read() && json.TokenType == JsonTokenType.EndArray, "holds a line with bad pieces");
            return new Piece(pack, offset, entry, length, sha256);
        }
    }
}
