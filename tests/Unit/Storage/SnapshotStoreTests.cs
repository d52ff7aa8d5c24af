using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class SnapshotStoreTests : IDisposable
{
    private static readonly string[] Staged = ["files", "packs", "header"];
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

    private readonly TestRepository repository = new();
    private readonly SnapshotStore store;
    private readonly Snapshot first;

    public SnapshotStoreTests()
    {
        store = new SnapshotStore(repository.Layout);
        first = repository.AddSnapshot(TestRepository.First, [repository.AddPack("x")], TestRepository.File("storage/a", TestRepository.Piece(0)));
    }

    public void Dispose() => repository.Dispose();

    [Fact]
    public void What_was_published_is_read_oldest_first()
    {
        repository.AddSnapshot(TestRepository.Second, []);
        var (whole, damaged) = store.ReadAll();
        Assert.Equal([TestRepository.First, TestRepository.Second], whole.Select(s => s.Id));
        Assert.Empty(damaged);
        Assert.Equal(first.Header.Files, whole[0].Header.Files);
        Assert.Single(store.ReadPackTable(whole[0]));
        using var files = store.OpenFileList(whole[0]);
        Assert.Equal("storage/a"u8, files.Read()!.Path);
    }

    [Fact]
    public void A_damaged_header_is_listed_apart()
    {
        repository.AddSnapshot(TestRepository.Second, []);
        TestRepository.Damage(repository.Layout.Header(TestRepository.First));
        var (whole, damaged) = store.ReadAll();
        Assert.Equal(TestRepository.Second, Assert.Single(whole).Id);
        Assert.Equal((TestRepository.First, "does not match its checksum"), (Assert.Single(damaged).Id, damaged[0].Reason));
    }

    [Fact]
    public void Types_are_read_of_what_is_whole_and_damage_is_found()
    {
        for (var second = 1; second <= 150; second++)
        {
            var id = SnapshotId.At(DateTimeOffset.UnixEpoch.AddSeconds(second));
            repository.AddSnapshot(id, []);
            if (second is 30 or 120)
            {
                TestRepository.Damage(repository.Layout.Header(id));
            }
        }

        var (whole, damaged) = store.ReadTypes();

        Assert.Equal(store.ReadAll().Whole.Select(s => new TypedSnapshot(s.Id, s.Header.Type, HasOlder: false)), whole);
        Assert.Equal(store.ReadAll().Damaged, damaged);
        Assert.Equal((149, 2), (whole.Count, damaged.Count));
    }

    [Fact]
    public void Headers_that_differ_are_each_read_as_they_are()
    {
        var source = first.Header.Sources[0];
        SnapshotHeader[] others =
        [
            first.Header with { Host = "other" },
            first.Header with { Tool = "other", Type = SnapshotType.Database, State = SnapshotState.Partial },
            first.Header with { Sources = [source with { Path = "/other", Kind = SourceKind.Database }, source with { Name = "second" }] },
            first.Header with { Sources = [source with { Name = "second" }] },
            first.Header,
        ];
        for (var i = 0; i < others.Length; i++)
        {
            var id = SnapshotId.At(DateTimeOffset.UnixEpoch.AddSeconds(i));
            var written = others[i] with { Id = id.ToString() };
            File.Copy(repository.Layout.FileList(first.Id), repository.Layout.FileList(id));
            File.Copy(repository.Layout.PackTable(first.Id), repository.Layout.PackTable(id));
            Assert.True(SnapshotStore.TryPublish(repository.Held, written, SnapshotStore.Write(written), Path.Combine(repository.Layout.Staging, "header.tmp"), []));
        }

        var read = store.ReadAll().Whole.ConvertAll(s => s.Header);
        Assert.Equal(["other", "host", "host", "host", "host", "host"], read.Select(h => h.Host));
        Assert.Equal(["test", "other", "test", "test", "test", "test"], read.Select(h => h.Tool));
        Assert.Equal([SnapshotType.Full, SnapshotType.Database, SnapshotType.Full], read.Take(3).Select(h => h.Type));
        Assert.Equal([SnapshotState.Complete, SnapshotState.Partial, SnapshotState.Complete], read.Take(3).Select(h => h.State));
        Assert.Equal(others.Append(first.Header).SelectMany(h => h.Sources), read.SelectMany(h => h.Sources));
    }

    [Fact]
    public void A_directory_that_cannot_be_read_is_named()
    {
        Directory.Delete(repository.Layout.Snapshots, recursive: true);
        Assert.Contains(repository.Layout.Snapshots, Assert.Throws<UserError>(() => store.ReadAll()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sources_of_one_name_are_damage()
    {
        var header = first.Header with { Sources = [.. first.Header.Sources, first.Header.Sources[0] with { Path = "/t" }] };
        Replace(header);
        Assert.Equal("holds numbers or names that cannot be", Assert.Single(store.ReadAll().Damaged).Reason);
    }

    [Fact]
    public void What_a_source_held_and_lost_is_read_as_it_was_written()
    {
        var header = first.Header with
        {
            Requires = [SnapshotFeatures.Shrunk],
            Sources =
            [
                first.Header.Sources[0] with
                {
                    Name = "app", Kind = SourceKind.Database, Content = new DatabaseContent(8192, 2, 1, ["a", "b"]),
                    Shrunk = new ShrunkSource(TestRepository.Second.ToString(), ["gone: table c"], IsAccepted: false),
                },
                first.Header.Sources[0] with { Content = new DatabaseContent(0, 300, 0, null), Shrunk = new ShrunkSource("x", [], IsAccepted: true) },
            ],
        };
        Replace(header);
        var read = store.Read(TestRepository.First).Header;
        Assert.Equivalent(header, read, strict: true);
        Assert.True(read.Sources[0].IsMarked);
        Assert.False(read.Sources[1].IsMarked);
    }

    [Fact]
    public void The_header_of_another_snapshot_is_no_header()
    {
        File.Copy(repository.Layout.Header(TestRepository.First), repository.Layout.Header(TestRepository.Second));
        Assert.Throws<DamageError>(() => store.Read(TestRepository.Second));
    }

    [Theory]
    [InlineData("\"requires\": []", "\"wants\": []")]
    [InlineData("\"requires\": []", "\"requires\": [null]")]
    [InlineData("\"first\": []", "\"first\": [null]")]
    [InlineData("\"stored_bytes\": 0", "\"stored_bytes\": -1")]
    [InlineData("\"new_bytes\": 0", "\"new_bytes\": -9223372036854775808")]
    [InlineData("\"sources\": [", "\"sources\": [null,")]
    [InlineData("\"name\": \"storage\"", "\"name\": \"../storage\"")]
    [InlineData("\"name\": \"storage\"", "\"name\": \"/storage\"")]
    [InlineData("\"name\": \"storage\"", "\"name\": \"..\"")]
    [InlineData("\"name\": \"storage\"", "\"name\": \"\"")]
    [InlineData("\"path\": \"/", "\"path\": \"")]
    [InlineData("\"path\": \"/", "\"path\": \"/\\u0000")]
    [InlineData("\"sha256\": \"", "\"sha256\": \"x")]
    [InlineData(".files.jsonl.gz\"", ".packs.jsonl.gz\"")]
    [InlineData(".packs.jsonl.gz\"", ".packs.jsonl.gz.old\"")]
    [InlineData("Z.files.jsonl.gz\"", "X.files.jsonl.gz\"")]
    [InlineData("\"host\": \"host\"", "\"host\": null")]
    public void Nonsense_that_is_sealed_correctly_is_damage(string sense, string nonsense)
    {
        Rewrite((sense, nonsense));
        Assert.Single(store.ReadAll().Damaged);
    }

    [Theory]
    [InlineData(2, null)]
    [InlineData(1, "encryption")]
    public void A_snapshot_that_needs_more_than_we_know_is_refused(int version, string? feature)
    {
        var header = first.Header with { FormatVersion = version, Requires = feature is null ? [] : [feature] };
        Replace(header);
        var error = Assert.Throws<UserError>(() => store.Read(TestRepository.First));
        Assert.Contains($"format {version}", error.Message, StringComparison.Ordinal);
        Assert.Contains(feature ?? "", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_later_version_no_more_is_expected_than_that_it_says_so()
    {
        Rewrite(("\"format_version\": 1", "\"format_version\": 2"), ("\"sources\": [", "\"origins\": ["), ("\"stored_bytes\"", "\"stored\""));
        Assert.Contains("needs a newer version", Assert.Throws<UserError>(() => store.Read(TestRepository.First)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_changed_is_refused_before_it_is_read()
    {
        TestRepository.Damage(repository.Layout.FileList(TestRepository.First), 4);
        Assert.Throws<DamageError>(() => store.OpenFileList(first));
        File.AppendAllText(repository.Layout.PackTable(TestRepository.First), "x");
        Assert.Throws<DamageError>(() => store.ReadPackTable(first));
        File.Delete(repository.Layout.FileList(TestRepository.First));
        Assert.Throws<DamageError>(() => store.CheckFileListSize(first));
    }

    [Fact]
    public void Removing_takes_the_header_and_its_lists()
    {
        SnapshotStore.Remove(repository.Held, [TestRepository.First]);
        Assert.Empty(Directory.GetFiles(repository.Layout.Snapshots));
        SnapshotStore.Remove(repository.Held, [TestRepository.First]);
    }

    [Fact]
    public void A_snapshot_is_found_by_the_beginning_of_its_id()
    {
        repository.AddSnapshot(TestRepository.Second, []);
        Assert.Equal(TestRepository.First, store.Find("20261123", Now).Id);
        Assert.Equal(TestRepository.Second, store.Find("20261124t02", Now).Id);
        Assert.Contains("2 snapshots", Assert.Throws<UserError>(() => store.Find("2026", Now)).Message, StringComparison.Ordinal);
        Assert.Contains("no snapshot '2027'", Assert.Throws<UserError>(() => store.Find("2027", Now)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_latest_is_the_newest_of_its_type()
    {
        repository.AddSnapshot(TestRepository.Second, []);
        Assert.Equal(TestRepository.Second, store.Find("latest", Now).Id);
        Assert.Equal(TestRepository.Second, store.Find("latest", Now, SnapshotType.Full).Id);
        Assert.Contains("no database snapshot yet", Assert.Throws<UserError>(() => store.Find("latest", Now, SnapshotType.Database)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_one_that_is_asked_for_is_explained()
    {
        TestRepository.Damage(repository.Layout.Header(TestRepository.First));
        Assert.Contains("does not match its checksum", Assert.Throws<UserError>(() => store.Find("20261123T020000Z", Now)).Message, StringComparison.Ordinal);
        Assert.Contains("1 damaged", Assert.Throws<UserError>(() => store.Find("latest", Now)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_files_are_no_snapshots()
    {
        File.WriteAllText(Path.Combine(repository.Layout.Snapshots, "notes.json"), "{}");
        File.WriteAllText(Path.Combine(repository.Layout.Snapshots, "20261123T020000Z.json.bak"), "{}");
        Assert.Equal([TestRepository.First], store.Ids());
    }

    [Theory]
    [InlineData("json")]
    [InlineData("files.jsonl.gz")]
    [InlineData("packs.jsonl.gz")]
    public void What_has_the_name_of_a_part_of_a_new_snapshot_stays_as_it_is(string suffix)
    {
        var taken = Path.Combine(repository.Layout.Snapshots, $"{TestRepository.Second}.{suffix}");
        File.WriteAllText(taken, "of the other side");
        var parts = Array.ConvertAll(Staged, name => Path.Combine(repository.Layout.Staging, name));
        foreach (var part in parts)
        {
            File.WriteAllText(part, "ours");
        }

        var header = first.Header with { Id = TestRepository.Second.ToString(), Files = first.Header.Files with { Bytes = 4 }, Packs = first.Header.Packs with { Bytes = 4 } };
        Assert.False(new StagedSnapshot(parts[0], parts[1], parts[2]).TryPublish(repository.Held, header, key: null, []));
        Assert.Equal("of the other side", File.ReadAllText(taken));
        Assert.Single(Directory.GetFiles(repository.Layout.Snapshots, $"{TestRepository.Second}*"));
        Assert.All(parts[..2], part => Assert.Equal("ours", File.ReadAllText(part)));
        Assert.Empty(Directory.GetFiles(repository.Layout.Leases, "*.tmp"));
    }

    /// <summary>Of a snapshot that comes from elsewhere, with its name.</summary>
    [Theory]
    [InlineData("files.jsonl.gz", "ours", 0, true)]
    [InlineData("packs.jsonl.gz", "ours", 0, true)]
    [InlineData("files.jsonl.gz", "thei", 0, false)]
    [InlineData("packs.jsonl.gz", "theirs", 4, false)]
    [InlineData("files.jsonl.gz", "theirs", 6, true)]
    [InlineData("packs.jsonl.gz", "theirs", 6, true)]
    [InlineData("json", "ours", 6, false)]
    public void What_was_left_before_the_header_is_replaced_if_it_is_the_same_or_old(string suffix, string content, int minutes, bool isReplaced)
    {
        var taken = Path.Combine(repository.Layout.Snapshots, $"{TestRepository.Second}.{suffix}");
        File.WriteAllText(taken, content);
        File.SetLastWriteTimeUtc(taken, DateTime.UtcNow.AddMinutes(-minutes));
        var (staged, header) = Stage();
        var file = SnapshotStore.Write(header);

        Assert.Equal(isReplaced, staged.TryPublishAgain(repository.Held, header, file, []));

        Assert.Equal(isReplaced ? "ours" : content, File.ReadAllText(taken));
        Assert.Equal(isReplaced ? 3 : 1, Directory.GetFiles(repository.Layout.Snapshots, $"{TestRepository.Second}*").Length);
        Assert.Equal(isReplaced ? file : null, isReplaced ? File.ReadAllBytes(repository.Layout.Header(TestRepository.Second)) : null);
    }

    [Fact]
    public void What_a_header_came_for_is_not_replaced_however_old_it_is()
    {
        var (staged, header) = Stage();
        Assert.True(staged.TryPublish(repository.Held, header, key: null, []));
        var theirs = repository.Layout.FileList(TestRepository.Second);
        File.SetLastWriteTimeUtc(theirs, DateTime.UtcNow.AddDays(-1));
        File.WriteAllText(staged.FileList, "ours");
        var part = new StagedPart(staged.FileList, theirs, header.Files);
        Assert.False(part.TryGiveName());
        Assert.False(part.TryReplaceLeftover(repository.Held, repository.Layout.Header(TestRepository.Second)));
        Assert.True(part.TryTakeBack());
        Assert.True(File.Exists(theirs));
    }

    /// <summary>Where a name is given by a look and a rename.</summary>
    [Fact]
    public void What_came_in_the_place_of_a_part_is_not_taken_back()
    {
        var (staged, header) = Stage();
        var final = repository.Layout.FileList(TestRepository.Second);
        var part = new StagedPart(staged.FileList, final, header.Files);
        Assert.True(part.TryGiveName());
        File.WriteAllText(final + ".new", "theirs");
        File.Move(final + ".new", final, overwrite: true);

        Assert.False(part.TryTakeBack());

        Assert.Equal("theirs", File.ReadAllText(final));
    }

    private (StagedSnapshot Staged, SnapshotHeader Header) Stage()
    {
        var parts = Array.ConvertAll(Staged, name => Path.Combine(repository.Layout.Staging, name));
        Array.ForEach(parts[..2], part => File.WriteAllText(part, "ours"));
        var ours = new PartFile(4, Digest.Of("ours"u8), 1);
        return (new StagedSnapshot(parts[0], parts[1], parts[2]), first.Header with { Id = TestRepository.Second.ToString(), Files = ours, Packs = ours });
    }

    private void Replace(SnapshotHeader header)
    {
        File.Delete(repository.Layout.Header(first.Id));
        Assert.True(SnapshotStore.TryPublish(repository.Held, header, SnapshotStore.Write(header), Path.Combine(repository.Layout.Staging, "header.tmp"), []));
    }

    /// <summary>Changes words of the first header, and seals it again.</summary>
    private void Rewrite(params ReadOnlySpan<(string From, string To)> words)
    {
        var path = repository.Layout.Header(TestRepository.First);
        var text = File.ReadAllText(path);
        text = text[..text.LastIndexOf(",\n  \"checksum", StringComparison.Ordinal)];
        foreach (var (from, to) in words)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        File.WriteAllText(path, $"{text},\n  \"checksum\": \"{Digest.Of(System.Text.Encoding.UTF8.GetBytes(text))}\"\n}}\n");
    }
}
