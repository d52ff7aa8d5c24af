using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>Reads a file list's lines, which <see cref="FileLineWriter"/> writes.</summary>
internal static class FileEntryJson
{
    /// <summary>Reads one line.</summary>
    /// <exception cref="DamageError">The line is not what <see cref="FileLineWriter"/> makes, or names a path that leads out of the snapshot.</exception>
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

    /// <summary>The path of a file's line, found without reading the line; false where that takes more than a look.</summary>
    public static bool TryFindFile(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> path)
    {
        var begin = "{\"path\":\""u8;
        path = line.StartsWith(begin) ? line[begin.Length..] : default;
        var end = path.IndexOfAny((byte)'"', (byte)'\\');
        var isFile = end >= 0 && path[end..].StartsWith("\",\"type\":\"file\","u8);
        path = isFile ? path[..end] : default;
        return isFile;
    }

    /// <summary>The text of the token, a name or a string, as UTF-8.</summary>
    internal static byte[] Bytes(ref Utf8JsonReader json)
    {
        var buffer = new byte[json.ValueSpan.Length];
        var length = json.CopyString(buffer);
        return length == buffer.Length ? buffer : buffer[..length];
    }

    internal static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new DamageError(otherwise);
        }
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
        private DeviceNumber? device;
        private AccessEntry[]? access;
        private AccessEntry[]? defaults;
        private List<NamedAttribute>? named;
        private List<NamedAttribute>? pairs;
        private string? reason;

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
            else if (json.ValueTextEquals("device"u8)) { device = ReadDevice(ref json); }
            else if (json.ValueTextEquals("acl"u8)) { access = ExtendedAttributesJson.ReadAccess(ref json); }
            else if (json.ValueTextEquals("default_acl"u8)) { defaults = ExtendedAttributesJson.ReadAccess(ref json); }
            else if (json.ValueTextEquals("xattrs"u8)) { named = ExtendedAttributesJson.ReadNamed(ref json); }
            else if (json.ValueTextEquals("xattrs_b64"u8)) { pairs = ExtendedAttributesJson.ReadPairs(ref json); }
            else if (json.ValueTextEquals("reason"u8)) { json.Read(); reason = json.GetString(); }
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
                Device = device,
                Attributes = Attributes(),
                Reason = reason,
            };
            EntryRules.Check(entry);
            return entry;
        }

        private readonly ExtendedAttributes? Attributes()
        {
            if (access is null && defaults is null && named is null && pairs is null)
            {
                return null;
            }

            NamedAttribute[] others = [.. named ?? [], .. pairs ?? []];
            Array.Sort(others, static (one, other) => one.Name.AsSpan().SequenceCompareTo(other.Name));
            return new ExtendedAttributes { Access = access ?? [], Default = defaults ?? [], Others = others };
        }

        private static byte[] Text(ref Utf8JsonReader json)
        {
            json.Read();
            Expect(json.TokenType == JsonTokenType.String, "holds a path that is no text");
            return Bytes(ref json);
        }

        private static EntryType Type(ref Utf8JsonReader json)
        {
            json.Read();
            return json.ValueTextEquals("file"u8) ? EntryType.File
                : json.ValueTextEquals("directory"u8) ? EntryType.Directory
                : json.ValueTextEquals("symlink"u8) ? EntryType.Symlink
                : json.ValueTextEquals("hardlink"u8) ? EntryType.HardLink
                : json.ValueTextEquals("fifo"u8) ? EntryType.Fifo
                : json.ValueTextEquals("block"u8) ? EntryType.BlockDevice
                : json.ValueTextEquals("char"u8) ? EntryType.CharacterDevice
                : json.ValueTextEquals("absent"u8) ? EntryType.Absent
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

        private static DeviceNumber ReadDevice(ref Utf8JsonReader json)
        {
            Expect(json.Read() && json.TokenType == JsonTokenType.StartArray && json.Read(), "holds a bad device");
            var major = json.GetUInt32();
            json.Read();
            var minor = json.GetUInt32();
            Expect(json.Read() && json.TokenType == JsonTokenType.EndArray, "holds a bad device");
            return new DeviceNumber(major, minor);
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
