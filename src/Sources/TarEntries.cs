using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>
/// Reads any tar archive that Python or GNU tar writes: v7, ustar, GNU and PAX headers. Names are the bytes they are, which the
/// reader of .NET does not keep, and a header gets no more room than a name needs. A path that leads out of the archive is
/// damage, wherever it stands.
/// </summary>
/// <remarks>The format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06,
/// https://www.gnu.org/software/tar/manual/html_node/Standard.html</remarks>
internal sealed class TarEntries(Stream stream)
{
    private const int Block = 512;

    /// <summary>Paths are a few kilobytes; what else Python notes is short.</summary>
    private const int LargestRecords = 1 << 20;

    private readonly byte[] header = new byte[Block];
    private readonly byte[] passed = new byte[64 * 1024];
    private readonly TarRecords global = new();
    private readonly TarRecords own = new();
    private long left;
    private long padding;

    /// <summary>Goes to the next member; null at the end, after which everything was read, so that gzip has checked it.</summary>
    /// <exception cref="DamageError">This is no archive, or one that is cut short or leads out of itself.</exception>
    public TarEntry? Next()
    {
        Pass(left + padding);
        (left, padding) = (0, 0);
        own.Clear();
        while (true)
        {
            Fill(header);
            if (!header.AsSpan().ContainsAnyExcept((byte)0))
            {
                Drain();
                return null;
            }

            CheckSum();
            switch ((char)header[156])
            {
                case 'x':
                    own.AddPax(Records());
                    break;
                case 'g':
                    global.AddPax(Records());
                    break;
                case 'L':
                    own["path"] = UntilZero(Records());
                    break;
                case 'K':
                    own["linkpath"] = UntilZero(Records());
                    break;
                default:
                    return Entry((char)header[156]);
            }
        }
    }

    /// <summary>Fills the buffer from the member's content; less only at its end.</summary>
    /// <exception cref="DamageError">The archive is damaged, or ends before.</exception>
    public int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, left);
        Fill(buffer[..wanted]);
        left -= wanted;
        return wanted;
    }

    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> header, int at, int length) => UntilZero(header.Slice(at, length));

    private static byte[] UntilZero(ReadOnlySpan<byte> text) => text.IndexOf((byte)0) is >= 0 and var zero ? text[..zero].ToArray() : text.ToArray();

    private static long Number(ReadOnlySpan<byte> field) => TarNumber.Read(field) ?? throw NoTar();

    private static DamageError NoTar() => new("holds what is no tar header");

    /// <summary>Without "." in it, without a slash at its end.</summary>
    private static byte[] Clean(byte[] path, string what)
    {
        var cleaned = new List<byte>(path.Length);
        foreach (var range in path.AsSpan().Split((byte)'/'))
        {
            var name = path.AsSpan(range);
            if (name.Length > 0 && !name.SequenceEqual("."u8))
            {
                cleaned.AddRange(cleaned.Count > 0 ? "/"u8 : []);
                cleaned.AddRange(name);
            }
        }

        byte[] clean = [.. cleaned];
        return path is [(byte)'/', ..] || (clean.Length > 0 && !EntryRules.IsSafePath(clean))
            ? throw new DamageError($"holds a {what} that leads out of it: '{Encoding.UTF8.GetString(path.AsSpan(0, Math.Min(path.Length, 200)))}'")
            : clean;
    }

    private TarEntry Entry(char flag)
    {
        var path = Value("path") ?? PathInHeader();
        var isDirectory = flag is '5' or 'D' || (flag is '0' or '\0' or '7' && path is [.., (byte)'/']);
        EntryType? type = isDirectory ? EntryType.Directory : flag switch
        {
            '0' or '\0' or '7' => EntryType.File,
            '1' => EntryType.HardLink,
            '2' => EntryType.Symlink,
            'S' => throw new DamageError("holds a sparse file as GNU tar writes them, which this program does not read; unpack it with tar"),
            _ => null,
        };
        var size = Number("size") ?? Number(header.AsSpan(124, 12));
        if (size < 0)
        {
            throw NoTar();
        }

        // Links and devices have none, whatever the field says; of an unknown kind it is skipped.
        left = type == EntryType.File || (type is null && flag is not ('3' or '4' or '6')) ? size : 0;
        padding = -left & (Block - 1);
        return new TarEntry
        {
            Path = Clean(path, "path"),
            Type = type,
            SpecialName = flag switch { '3' => "character device", '4' => "block device", '6' => "FIFO", _ => $"member of the unknown kind '{flag}'" },
            Mode = (int)(Number(header.AsSpan(100, 8)) & 0xFFF),
            Uid = Id("uid", 108),
            Gid = Id("gid", 116),
            User = Text("uname", 265),
            Group = Text("gname", 297),
            Size = type == EntryType.File ? size : 0,
            Modified = own.Time("mtime") ?? global.Time("mtime") ?? new FileTime(Number(header.AsSpan(136, 12)), 0),
            Target = Target(type),
        };
    }

    private byte[]? Target(EntryType? type)
    {
        if (type is not (EntryType.HardLink or EntryType.Symlink))
        {
            return null;
        }

        var target = Value("linkpath") ?? Field(header, 157, 100).ToArray();
        if (target.Length is 0 or > EntryRules.LongestPath || target.Contains((byte)0))
        {
            throw new DamageError("holds a link without a target");
        }

        return type == EntryType.HardLink ? Clean(target, "hard link") : target;
    }

    /// <summary>Ustar has a second field for the beginning; GNU tar has other things there.</summary>
    private byte[] PathInHeader()
    {
        var isUstar = header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        var name = Field(header, 0, 100);
        var prefix = isUstar ? Field(header, 345, 155) : [];
        return prefix.Length > 0 ? [.. prefix, (byte)'/', .. name] : name.ToArray();
    }

    private byte[]? Value(string key) => own[key] ?? global[key];

    private long? Number(string key) => own.Number(key) ?? global.Number(key);

    private uint Id(string key, int at) => (uint)Math.Clamp(Number(key) ?? Number(header.AsSpan(at, 8)), 0, uint.MaxValue);

    /// <summary>An account's name. Only headers of the newer kinds have one.</summary>
    private string? Text(string key, int at) =>
        own.Text(key) ?? global.Text(key)
        ?? (header.AsSpan(257, 5).SequenceEqual("ustar"u8) && Field(header, at, 32) is { Length: > 0 } name ? Encoding.UTF8.GetString(name) : null);

    /// <summary>The sum of all bytes of the header, its own field counted as blanks.</summary>
    private void CheckSum()
    {
        var (sum, signed) = (8 * ' ', 8 * ' ');
        for (var i = 0; i < Block; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : header[i];
            signed += i is >= 148 and < 156 ? 0 : (sbyte)header[i];
        }

        if (Number(header.AsSpan(148, 8)) is var told && told != sum && told != signed)
        {
            throw NoTar();
        }
    }

    private byte[] Records()
    {
        var size = Number(header.AsSpan(124, 12));
        if (size is < 0 or > LargestRecords)
        {
            throw NoTar();
        }

        var content = new byte[size];
        Fill(content);
        Pass(-size & (Block - 1));
        return content;
    }

    private void Fill(Span<byte> buffer)
    {
        if (Get(buffer) < buffer.Length)
        {
            throw new DamageError("is cut short");
        }
    }

    private void Pass(long bytes)
    {
        while (bytes > 0)
        {
            var n = (int)Math.Min(passed.Length, bytes);
            Fill(passed.AsSpan(0, n));
            bytes -= n;
        }
    }

    /// <summary>What follows the end is of no interest but to gzip, which has its checksum there.</summary>
    private void Drain()
    {
        while (Get(passed) > 0)
        {
            // Read to be checked.
        }
    }

    private int Get(Span<byte> buffer)
    {
        try
        {
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException e)
        {
            throw new DamageError("does not decompress: it is damaged, or cut short", e);
        }
    }
}
