using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>A small site to back up, a repository, and a clock that is an hour ahead of the files' time stamps.</summary>
internal sealed class Site : IDisposable
{
    private readonly Lock saying = new();

    public Site()
    {
        Temp.Make("repository");
        Temp.Make("tree");
        Layout = new Layout(Temp["repository"]);
        Store = new SnapshotStore(Layout);
        Progress = new RunProgress(notice =>
        {
            lock (saying)
            {
                Notices.Add(notice);
            }

            OnNotice?.Invoke(notice);
        });
    }

    public TempDirectory Temp { get; } = new();

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow.AddHours(1));

    public Layout Layout { get; }

    public SnapshotStore Store { get; }

    public RunProgress Progress { get; }

    public List<Notice> Notices { get; } = [];

    public Action<Notice>? OnNotice { get; set; }

    public string Database => Temp["app.db"];

    public CreatePlan Plan => new()
    {
        BackupDirectory = Layout.Root,
        Type = SnapshotType.Storage,
        Databases = File.Exists(Database) ? [new DatabaseOptions("app", Database, TimeSpan.Zero)] : [],
        Trees = [new TreeOptions("tree", Temp["tree"], [], OneFileSystem: true)],
        PackBytes = 1 << 20,
        CompressionLevel = 1,
        MinFreeBytes = 0,
        Workers = 2,
        Site = new SiteIdentity("host", null, []),
        Tool = "tool",
    };

    /// <summary>Content that compresses badly, so that sizes on disk are foreseeable.</summary>
    public static byte[] Noise(int seed, int length)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // The same noise in every run.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    public string Write(string name, ReadOnlySpan<byte> content) => Temp.Write($"tree/{name}", content);

    public void Sql(string sql)
    {
        if (!File.Exists(Database))
        {
            File.WriteAllBytes(Database, []);
        }

        using var connection = SqliteFile.Open(Database, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(connection, sql);
    }

    /// <summary>A day later each time.</summary>
    public Snapshot Create(CreatePlan? plan = null)
    {
        Clock.Advance(TimeSpan.FromDays(1));
        return CreateNow(plan);
    }

    public Snapshot CreateNow(CreatePlan? plan = null)
    {
        var header = CreateBackup.Run(plan ?? Plan, Clock, Progress, TestContext.Current.CancellationToken).Header;
        return Store.Read(SnapshotId.Parse(header.Id)!.Value);
    }

    public List<string> Packs() => [.. Directory.GetFiles(Layout.Packs, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>What was stored is old enough to be swept.</summary>
    public void AgePacks() => Packs().ForEach(pack => File.SetLastWriteTimeUtc(pack, DateTime.UtcNow.AddMinutes(-6)));

    public List<FileEntry> List(Snapshot snapshot)
    {
        using var reader = Store.OpenFileList(snapshot);
        var entries = new List<FileEntry>();
        while (reader.Read() is { } entry)
        {
            entries.Add(entry);
        }

        Assert.Equal(snapshot.Header.Files.Lines, entries.Count);
        return entries;
    }

    /// <summary>Everything with content, read as FORMAT.md says and with nothing of the program's own reader.</summary>
    public Dictionary<string, byte[]> Restore(Snapshot snapshot)
    {
        var packs = Store.ReadPackTable(snapshot);
        return List(snapshot).Where(e => e.HasContent).ToDictionary(e => Encoding.Latin1.GetString(e.Path), e => Content(e, packs));
    }

    /// <summary>The snapshot holds these files of the tree, as they are now, and no others.</summary>
    public void AssertHolds(Snapshot snapshot)
    {
        var restored = Restore(snapshot).Where(f => f.Key.StartsWith("tree/", StringComparison.Ordinal)).ToDictionary();
        var files = Directory.GetFiles(Temp["tree"], "*", SearchOption.AllDirectories)
            .Where(f => Posix.StatusAt(Posix.Here, Posix.Bytes(f)).IsRegular)
            .ToDictionary(f => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Path.GetRelativePath(Temp.Root, f))), File.ReadAllBytes);
        Assert.Equal(files.Keys.Order(StringComparer.Ordinal), restored.Keys.Order(StringComparer.Ordinal));
        Assert.All(files, f => Assert.True(f.Value.AsSpan().SequenceEqual(restored[f.Key]), f.Key));
    }

    public void Dispose() => Temp.Dispose();

    private byte[] Content(FileEntry entry, List<PackInfo> packs)
    {
        using var content = new MemoryStream();
        foreach (var piece in entry.Pieces)
        {
            content.Write(piece.IsHole ? new byte[piece.Length] : Content(piece, packs[piece.Pack]));
        }

        Assert.Equal(entry.Size, content.Length);
        return content.ToArray();
    }

    private byte[] Content(in Piece piece, PackInfo pack)
    {
        using var file = File.OpenRead(Layout.Pack(pack.Sha256));
        file.Position = piece.Offset;
        using var member = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(member);
        var entry = tar.GetNextEntry();
        for (var skip = piece.Entry; skip > 0; skip--)
        {
            entry = tar.GetNextEntry();
        }

        using var content = new MemoryStream();
        entry!.DataStream?.CopyTo(content);
        Assert.Equal((piece.Length, piece.Sha256), (content.Length, Digest.Of(content.ToArray())));
        return content.ToArray();
    }
}
