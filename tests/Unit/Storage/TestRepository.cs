using System.Globalization;
using System.IO.Compression;
using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

/// <summary>An empty repository of a test's own, locked.</summary>
internal sealed class TestRepository : IDisposable
{
    public static readonly SnapshotId First = SnapshotId.Parse("20261123T020000Z")!.Value;
    public static readonly SnapshotId Second = SnapshotId.Parse("20261124T020000Z")!.Value;
    public static readonly SourceName Tree = new("storage", SourceKind.Storage);

    public static readonly ZLibCompressionOptions Level4 = new() { CompressionLevel = 4 };

    public TestRepository()
    {
        Layout = Repository.OpenOrCreate(Temp.Make("repository"), Clock);
        Held = RepositoryLock.Acquire(Layout, "test", Clock.GetUtcNow());
    }

    public TempDirectory Temp { get; } = new();

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));

    public Layout Layout { get; }

    public RepositoryLock Held { get; }

    /// <summary>Writes a pack of one piece.</summary>
    public PackInfo AddPack(string content)
    {
        using var pack = new PackWriter(Path.Combine(Layout.Staging, "pack.tmp"), 0, Level4);
        Put(pack, "storage/a", System.Text.Encoding.UTF8.GetBytes(content));
        return pack.Finish(Layout);
    }

    public static (long Offset, int Entry) Put(PackWriter pack, string path, byte[] content, int? number = null) =>
        pack.Add(new PieceName(System.Text.Encoding.UTF8.GetBytes(path), number, 0x1A4, new FileTime(1_000_000_000, 5)), new PieceStream(content.Length, to => to.Write(content)));

    /// <summary>Publishes a snapshot of these packs and entries.</summary>
    public Snapshot AddSnapshot(SnapshotId id, IEnumerable<PackInfo> packs, params FileEntry[] entries)
    {
        var list = Path.Combine(Layout.Staging, "files.tmp");
        using var files = new FileListWriter(list);
        Array.ForEach(entries, files.Write);
        var started = DateTimeOffset.ParseExact(id.ToString(), "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var header = new SnapshotHeader
        {
            FormatVersion = 1,
            Requires = [],
            Id = id.ToString(),
            Type = SnapshotType.Full,
            State = SnapshotState.Complete,
            Host = "host",
            Tool = "test",
            StartedAt = started,
            FinishedAt = started,
            Sources = [new SourceSummary { Name = "storage", Kind = SourceKind.Storage, Path = "/s", Files = 0, Directories = 0, Symlinks = 0, Bytes = 0, NewBytes = 0 }],
            StoredBytes = 0,
            Warnings = WarningSummary.None,
            Files = files.Finish(),
            Packs = PackTable.Write([.. packs], Path.Combine(Layout.Staging, "packs.tmp")),
        };
        var staged = new StagedSnapshot(list, Path.Combine(Layout.Staging, "packs.tmp"), Path.Combine(Layout.Staging, "header.tmp"));
        foreach (var former in Directory.GetFiles(Layout.Snapshots, $"{id}.*"))
        {
            System.IO.File.Delete(former);
        }

        Assert.True(staged.TryPublish(Held, header, key: null, []));
        return new Snapshot(id, header);
    }

    public static FileEntry File(string path, params Piece[] pieces) => new()
    {
        Path = System.Text.Encoding.UTF8.GetBytes(path),
        Type = EntryType.File,
        Mode = 0x1A4,
        Uid = 0,
        Gid = 0,
        Size = pieces.Sum(p => p.Length),
        Modified = default,
        Changed = default,
        Inode = 1,
        Pieces = pieces,
    };

    public static Piece Piece(int pack, string content = "x") =>
        new(pack, 0, 0, content.Length, Digest.Of(System.Text.Encoding.UTF8.GetBytes(content)));

    /// <summary>Changes one byte of a file.</summary>
    public static void Damage(string path, long at = -1)
    {
        var bytes = System.IO.File.ReadAllBytes(path);
        bytes[at < 0 ? bytes.Length / 2 : at] ^= 1;
        System.IO.File.WriteAllBytes(path, bytes);
    }

    public void Dispose()
    {
        Held.Dispose();
        Temp.Dispose();
    }
}
