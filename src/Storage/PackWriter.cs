using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Writes one pack: an ordinary .tar.gz made of gzip members, each of which begins at a tar entry and holds about
/// <see cref="MemberBytes"/> of input, so that one file can be read without reading the pack. Used by one thread.
/// </summary>
internal sealed class PackWriter : IDisposable
{
    /// <summary>Input after which a new gzip member begins.</summary>
    public const int MemberBytes = 4 << 20;

    /// <summary>What was written of a piece waits to be hashed beside the next, so that a piece of the longest that is held in memory fits in, and some more.</summary>
    private const int BufferBytes = PieceWriter.InMemory + (128 * 1024);

    private const int TarBlock = 512;

    private readonly string temporary;
    private readonly SafeFileHandle file;
    private readonly HashingStream output;
    private readonly MemberStream members;
    private readonly TarWriter tar;
    private long memberOffset;
    private long memberInput;
    private int memberEntries;
    private int entries;
    private PackInfo? whole;

    /// <param name="temporary">The file to write; it gets its final name when it is finished.</param>
    /// <param name="handle">The number under which this run knows the pack.</param>
    /// <param name="compression">How hard to compress; level 0 stores.</param>
    public PackWriter(string temporary, int handle, ZLibCompressionOptions compression)
    {
        this.temporary = temporary;
        Handle = handle;
        file = AtomicFile.Create(temporary);
        output = new HashingStream(file, BufferBytes);
        members = new MemberStream(output, compression);
        tar = new TarWriter(members, TarEntryFormat.Pax, leaveOpen: true);
    }

    public int Handle { get; }

    /// <summary>Bytes of content so far, with tar's own.</summary>
    public long InputBytes { get; private set; }

    /// <summary>Bytes of pieces so far.</summary>
    public long ContentBytes { get; private set; }

    /// <summary>Adds a piece and says where it went: the offset of its gzip member, and its number among that member's entries.</summary>
    public (long Offset, int Entry) Add(in PieceName name, PieceStream content)
    {
        if (memberInput > 0 && memberInput + content.Length > MemberBytes)
        {
            members.Cut();
            (memberOffset, memberInput, memberEntries) = (output.Length, 0, 0);
        }

        var entry = MakeEntry(name, content.Length);
        entry.DataStream = content;
        tar.WriteEntry(entry);

        var size = ((content.Length + TarBlock - 1) / TarBlock * TarBlock) + TarBlock;
        memberInput += size;
        InputBytes += size;
        ContentBytes += content.Length;
        entries++;
        return (memberOffset, memberEntries++);
    }

    /// <summary>Ends the pack: nothing can be added any more, and the disk has begun with all of it.</summary>
    public void Seal()
    {
        if (whole is null)
        {
            tar.Dispose();
            members.Cut();
            var (sha256, xxh128) = output.Finish();
            whole = new PackInfo(sha256, output.Length, xxh128, ContentBytes, 0);
        }
    }

    /// <summary>Ends the pack, waits until it is on disk, and gives it its name in the repository. The directories are synced by the caller.</summary>
    public PackInfo Finish(Layout layout)
    {
        Seal();
        var pack = whole!;
        AtomicFile.EnsureDirectory(layout.PackDirectory(pack.Sha256), syncParent: false);
        AtomicFile.Publish(file, temporary, layout.Pack(pack.Sha256), syncDirectory: false);
        return pack;
    }

    /// <summary>Gives the pack up, unless it was finished.</summary>
    public void Dispose()
    {
        members.Abandon();
        tar.Dispose();
        members.Dispose();
        output.Dispose();
        file.Dispose();
        AtomicFile.RemoveIfThere(temporary);
    }

    /// <summary>A short plain name fits the old header of 512 bytes; PAX takes three times that, for every file of a kilobyte.</summary>
    private TarEntry MakeEntry(in PieceName name, long length)
    {
        const int shortName = 100;
        const long largestOctal = 0x1FFFFFFFF;
        var text = EntryName.For(name.Path, name.Number, entries);
        TarEntry entry = text.Length <= shortName && Ascii.IsValid(text) && length <= largestOctal
            ? new UstarTarEntry(TarEntryType.RegularFile, text)
            : new PaxTarEntry(TarEntryType.RegularFile, text);
        // Readable and writable for whoever unpacks it; the true mode is in the file list.
        entry.Mode = (UnixFileMode)(name.Mode & 0x1FF) | UnixFileMode.UserRead | UnixFileMode.UserWrite;
        entry.ModificationTime = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(name.Modified.Seconds, 0, largestOctal));
        return entry;
    }

    /// <summary>What tar writes into: the gzip member of the moment.</summary>
    private sealed class MemberStream(HashingStream output, ZLibCompressionOptions compression) : Outlet
    {
        private Stream? member;
        private bool abandoned;

        /// <summary>Ends the member; the next write begins another.</summary>
        public void Cut()
        {
            member?.Dispose();
            member = null;
        }

        /// <summary>From here on everything goes nowhere, the ends of tar and gzip too.</summary>
        public void Abandon() => abandoned = true;

        public override void Write(ReadOnlySpan<byte> bytes)
        {
            if (!abandoned)
            {
                member ??= compression.CompressionLevel > 0 ? new GZipStream(output, compression, leaveOpen: true) : new StoredGzip(output);
                member.Write(bytes);
            }
        }

        protected override void Dispose(bool disposing)
        {
            try
            {
                Cut();
            }
            catch (IOException) when (abandoned)
            {
                // The disk is full or broken: that is why the pack is given up.
            }

            base.Dispose(disposing);
        }
    }
}
