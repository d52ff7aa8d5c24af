using System.IO.Compression;
using System.Text;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;
using VertexAr.Backup.Tests.Storage;

namespace VertexAr.Backup.Tests.Fuzz;

/// <summary>
/// Whatever somebody writes into a repository, a configuration or a command line: it is understood or it is refused, by the
/// errors meant for that and no others. FUZZ_INPUTS sets how many inputs each test tries.
/// </summary>
public sealed class HostileInputTests : IDisposable
{
    private const string Line = """
        {"path":"storage/a é","type":"file","mode":"0644","uid":1,"gid":2,"user":"u","group":"g","size":1,"mtime":"1.000000000","ctime":"2.000000000","inode":5,"sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","pieces":[[0,0,0,1,"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]]}
        """;

    private readonly TestRepository repository = new();
    private readonly SnapshotStore store;

    public HostileInputTests() => store = new SnapshotStore(repository.Layout);

    public void Dispose() => repository.Dispose();

    [Fact]
    public void A_line_of_a_file_list()
    {
        byte[][] good =
        [
            Encoding.UTF8.GetBytes(Line),
            "{\"path\":\"s/l\",\"type\":\"symlink\",\"mode\":\"0777\",\"uid\":1,\"gid\":2,\"size\":0,\"mtime\":\"1.000000000\",\"target\":\"x\",\"target_b64\":\"eA==\"}"u8.ToArray(),
            "{\"path\":\"d/a.db\",\"type\":\"file\",\"mode\":\"0600\",\"uid\":1,\"gid\":2,\"size\":9,\"mtime\":\"1.000000000\",\"wal\":{\"size\":1,\"mtime\":\"1.000000000\",\"ctime\":\"1.000000000\",\"inode\":3},\"pieces\":[[-1,0,0,9]]}"u8.ToArray(),
            "{\"path\":\"s/d\",\"type\":\"directory\",\"mode\":\"0750\",\"uid\":1,\"gid\":2,\"size\":0,\"mtime\":\"1.000000000\",\"acl\":[[\"user\",\"rwx\"],[\"user\",\"r-x\",33,\"www\"],[\"group\",\"r-x\"],[\"mask\",\"r-x\"],[\"other\",\"---\"]],\"default_acl\":[[\"user\",\"rwx\"],[\"group\",\"r-x\"],[\"other\",\"---\"]],\"xattrs\":{\"user.a\":\"eA==\"},\"xattrs_b64\":[[\"dXNlci7/\",\"eA==\"]]}"u8.ToArray(),
            "{\"path\":\"s/b\",\"type\":\"block\",\"mode\":\"0600\",\"uid\":1,\"gid\":2,\"size\":0,\"mtime\":\"1.000000000\",\"device\":[8,1]}"u8.ToArray(),
        ];
        Try(good, line =>
        {
            _ = KnownLine.TryFindPiece(line, out _);
            _ = FileEntryJson.TryFindFile(line, out _);
            _ = KnownLine.Of(line, Math.Min(20, line.Length), 1);
            var entry = FileEntryJson.Read(line);
            Assert.True(EntryRules.IsSafePath(entry.Path));
        });
    }

    [Fact]
    public void A_header_that_is_sealed_correctly()
    {
        repository.AddSnapshot(TestRepository.First, [repository.AddPack("x")], TestRepository.File("storage/a", TestRepository.Piece(0)));
        var file = File.ReadAllBytes(repository.Layout.Header(TestRepository.First));
        var body = file[..file.AsSpan().LastIndexOf(",\n  \"checksum\""u8)];
        Try([body], mutant =>
        {
            File.WriteAllBytes(repository.Layout.Header(TestRepository.First), Seal(mutant));
            var (whole, damaged) = store.ReadAll();
            Assert.Equal(1, whole.Count + damaged.Count);
            _ = store.ReadTypes();
            foreach (var snapshot in whole)
            {
                _ = store.ReadPackTable(snapshot);
                _ = snapshot.Header.Bytes + snapshot.Header.NewBytes + snapshot.Header.FileCount;
            }
        });
    }

    /// <summary>Whatever a forger makes of a signed header, or of the signed list: it is not believed unless it is what was signed.</summary>
    [Fact]
    public void A_signed_file_that_is_sealed_correctly()
    {
        var key = SigningKey.Make(repository.Temp["key"], null);
        var trusted = new TrustedKeys([key.Public.Fingerprint]);
        var first = repository.AddSnapshot(TestRepository.First, [repository.AddPack("x")]);
        var header = SealedJson.Write(json => SnapshotHeaderJson.Write(json, first.Header with { Signer = key.Public.Text }), key);
        var manifest = new SnapshotSigner(key, trusted)
            .Next("0123", null, new Dictionary<SnapshotId, Digest> { [TestRepository.First] = Digest.Of(header) }, DateTimeOffset.UnixEpoch).ToBytes(key);
        byte[][] good = [header[..^SealedJson.SealSize], manifest[..^SealedJson.SealSize]];
        var signed = good.Select(one => SignedJson.Split(Seal(one))!.Content.ToArray()).ToList();
        var trust = new HeaderTrust(trusted, []);
        Try(good, mutant =>
        {
            var file = Seal(mutant);
            var isWhole = signed.Exists(one => mutant.AsSpan().StartsWith(one));
            File.WriteAllBytes(repository.Layout.Header(TestRepository.First), file);
            File.WriteAllBytes(repository.Layout.Manifest, file);
            var (whole, damaged) = new SnapshotStore(repository.Layout, trust: trust).ReadAll();
            Assert.True(isWhole || whole.Count == 0);
            Assert.Equal(1, whole.Count + damaged.Count);
            Assert.True(isWhole || SnapshotManifest.Read(repository.Layout.Manifest, trusted).Manifest is null);
        });
    }

    [Fact]
    public void A_line_of_a_pack_table()
    {
        repository.AddSnapshot(TestRepository.First, [repository.AddPack("x"), repository.AddPack("y")]);
        var table = repository.Layout.PackTable(TestRepository.First);
        Try([Unzip(table)], mutant =>
        {
            File.WriteAllBytes(table, Zip(mutant));
            Assert.All(PackTable.Read(table), pack => Assert.True(pack.Bytes >= 0 && pack.UsedBytes >= 0));
        });
    }

    [Fact]
    public void A_gzip_stream_of_lines()
    {
        var path = repository.Temp["lines.gz"];
        Try([Zip(Encoding.UTF8.GetBytes($"{Line}\n{Line}\n")), [.. Zip("a\n"u8.ToArray()), .. Zip("b\n"u8.ToArray())]], mutant =>
        {
            File.WriteAllBytes(path, mutant);
            using var lines = LineReader.Open(path, _ => long.MaxValue);
            while (lines.TryRead(out _))
            {
            }
        });
    }

    [Fact]
    public void A_pack()
    {
        var pack = repository.AddPack("the content");
        var path = repository.Layout.Pack(pack.Sha256);
        var piece = TestRepository.Piece(0, "the content");
        byte[][] good = [File.ReadAllBytes(path), Unzip(path)];
        Try(good, mutant =>
        {
            // Half of them broken inside of a gzip stream that is whole.
            File.WriteAllBytes(path, mutant is [0x1F, 0x8B, ..] ? mutant : Zip(mutant));
            using var fetcher = new PieceFetcher(repository.Layout, [pack], check: true);
            var got = new MemoryStream();
            fetcher.Fetch(piece, bytes => got.Write(bytes.Span));
            Assert.Equal("the content"u8, got.ToArray());
        });
    }

    [Fact]
    public void A_configuration()
    {
        var path = repository.Temp["config.json"];
        byte[][] good =
        [
            """{ "backup_dir": "/b", "databases": [{ "name": "a", "path": "/a.db" }], "storage": [{ "name": "s", "path": "/s", "exclude": ["*.tmp"] }], "max_backups": 7 }"""u8.ToArray(),
            """{ "keep": { "daily": 1, "yearly": 2 }, "compression": "fast", "schedule": { "full": "0 2 * * *" }, "notify": { "on": ["failure"], "webhook_url": "https://x.example/" }, "hooks": { "before_create": ["/bin/true"] } /* c */, }"""u8.ToArray(),
        ];
        Try(good, mutant =>
        {
            File.WriteAllBytes(path, mutant);
            _ = SettingsLoader.Load(path, null, _ => null);
        });
    }

    [Fact]
    public void A_command_line()
    {
        string[] words =
        [
            "create", "restore", "list", "rotate", "full", "--type", "--path", "--max-backups", "--keep-daily=3", "7", "-1", "99999999999999", "--json", "--quiet", "-q", "--", "--to", "/x",
            "", "-", "--=", "--type=", "latest", "\u001b[31m", "--config", "help", "ünï", "--max-backups=",
        ];
        var mutation = Begin(out var seed);
        for (var i = 0; i < Mutation.Inputs; i++)
        {
            var arguments = Enumerable.Range(0, mutation.Below(6)).Select(_ => mutation.Below(4) == 0
                ? Encoding.UTF8.GetString(mutation.Of(Encoding.UTF8.GetBytes(mutation.Of(words))))
                : mutation.Of(words)).ToArray();
            Refusable(seed, i, arguments, a => CommandLine.Parse(a));
        }
    }

    /// <summary>Lists of entries that lie about where they belong: nothing is ever made or changed outside of the target.</summary>
    [Fact]
    public void A_list_that_leads_out_of_its_target()
    {
        string[] names = ["a", "b", "..", ".", "", "storage", "/", "\u001b[2J", "a\n", new string('x', 256)];
        string[] targets = ["/", "..", "../..", "../sentinel", "a", "storage/a", "storage/b", "storage/../../sentinel", "storage", "x"];
        var pack = repository.AddPack("x");
        var sentinel = repository.Temp.Write("outside/sentinel", "untouched"u8);
        var mutation = Begin(out var seed);
        for (var i = 0; i < Mutation.Inputs / 10; i++)
        {
            var entries = Enumerable.Range(0, 1 + mutation.Below(6)).Select(_ => Entry()).Prepend(Top()).ToArray();
            var to = repository.Temp[$"outside/{i}"];
            var snapshot = repository.AddSnapshot(TestRepository.First, [pack], entries);
            Refusable(seed, i, entries.Select(e => Convert.ToHexString(e.Path)).ToArray(), _ =>
            {
                var plan = new RestorePlan { To = to, Workers = 1, KeepGoing = mutation.Below(2) == 0 };
                new RestoreBackup(store, snapshot, plan, repository.Clock, new RunProgress(_ => { }), CancellationToken.None).Run();
            });
            DirectoryTree.Remove(to);
            Assert.Equal([sentinel], Directory.GetFileSystemEntries(repository.Temp["outside"]));
            Assert.Equal("untouched", File.ReadAllText(sentinel));
            Assert.Null(File.ResolveLinkTarget(sentinel, false));
        }

        static FileEntry Top() => TestRepository.File("storage", []) with { Type = EntryType.Directory, Mode = 0x1ED };

        FileEntry Entry()
        {
            var type = mutation.Of(Enum.GetValues<EntryType>());
            var path = Encoding.UTF8.GetBytes(string.Join('/', Enumerable.Range(0, 1 + mutation.Below(3)).Select(_ => mutation.Of(names)).Prepend("storage")));
            var piece = mutation.Below(5) == 0 ? new Piece(mutation.Below(3), mutation.Below(2) * long.MaxValue, mutation.Below(3), 1, default) : TestRepository.Piece(0);
            return (type is EntryType.Directory or EntryType.Symlink ? TestRepository.File("x", []) : TestRepository.File("x", piece)) with
            {
                Path = path,
                Type = type,
                Target = type is EntryType.Symlink or EntryType.HardLink ? Encoding.UTF8.GetBytes(mutation.Of(targets)) : null,
            };
        }
    }

    private static void Try(byte[][] good, Action<byte[]> read)
    {
        var mutation = Begin(out var seed);
        Array.ForEach(good, read);
        for (var i = 0; i < Mutation.Inputs; i++)
        {
            Refusable(seed, i, mutation.Of(mutation.Of(good)), read);
        }
    }

    private static void Refusable<T>(int seed, int number, T input, Action<T> read)
    {
        try
        {
            read(input);
        }
        catch (Exception e) when (e is DamageError or UserError)
        {
            // Refused, as it should be.
        }
        catch (Exception e)
        {
            var shown = input is byte[] bytes ? Encoding.UTF8.GetString(bytes) : string.Join(' ', (object?)input as IEnumerable<string> ?? []);
            throw new InvalidOperationException($"input {number} of seed {seed}: {shown}", e);
        }
    }

    private static Mutation Begin(out int seed)
    {
        seed = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), out var given) ? given : Environment.TickCount;
        return new Mutation(seed);
    }

    private static byte[] Seal(byte[] body) => [.. body, .. ",\n  \"checksum\": \""u8, .. Encoding.ASCII.GetBytes(Digest.Of(body).ToString()), .. "\"\n}\n"u8];

    private static byte[] Zip(byte[] content)
    {
        var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return zipped.ToArray();
    }

    private static byte[] Unzip(string path)
    {
        using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }
}
