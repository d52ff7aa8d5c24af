using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class SweepTests : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly PackInfo shared;
    private readonly PackInfo own;
    private readonly PackInfo orphan;

    public SweepTests()
    {
        (shared, own, orphan) = (repository.AddPack("shared"), repository.AddPack("own"), repository.AddPack("orphan"));
        repository.AddSnapshot(TestRepository.First, [shared], TestRepository.File("storage/a", TestRepository.Piece(0)));
        repository.AddSnapshot(TestRepository.Second, [own, shared], TestRepository.File("storage/a", TestRepository.Piece(0)));
    }

    public void Dispose() => repository.Dispose();

    [Fact]
    public void Only_what_no_table_names_goes()
    {
        Assert.Equal(orphan.Bytes, Run());
        Assert.Equal((true, true, false), (Has(shared), Has(own), Has(orphan)));
        Assert.Equal(0, Run());
    }

    [Fact]
    public void What_only_a_removed_snapshot_named_goes()
    {
        SnapshotStore.Remove(repository.Held, [TestRepository.Second]);
        Assert.Equal(orphan.Bytes + own.Bytes, Run());
        Assert.Equal((true, false), (Has(shared), Has(own)));
    }

    [Fact]
    public void Lists_without_a_header_go_and_others_stay()
    {
        AtomicFile.RemoveIfThere(repository.Layout.Header(TestRepository.Second));
        Run();
        Assert.Equal(
            [.. new[] { repository.Layout.FileList(TestRepository.First), repository.Layout.Header(TestRepository.First), repository.Layout.PackTable(TestRepository.First) }.Order(StringComparer.Ordinal)],
            Directory.GetFiles(repository.Layout.Snapshots).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_goes_while_a_header_is_damaged()
    {
        TestRepository.Damage(repository.Layout.Header(TestRepository.First));
        Assert.Null(Run());
        Assert.True(Has(orphan));
    }

    [Fact]
    public void Nothing_goes_while_a_pack_table_is_damaged_or_missing()
    {
        TestRepository.Damage(repository.Layout.PackTable(TestRepository.First));
        Assert.Null(Run());
        File.Delete(repository.Layout.PackTable(TestRepository.First));
        Assert.Null(Run());
        Assert.True(Has(orphan));
    }

    [Fact]
    public void A_damaged_file_list_stops_nothing()
    {
        TestRepository.Damage(repository.Layout.FileList(TestRepository.First));
        Assert.Equal(orphan.Bytes, Run());
        Assert.True(File.Exists(repository.Layout.FileList(TestRepository.First)));
    }

    [Fact]
    public void Files_that_are_not_ours_stay()
    {
        var note = Path.Combine(repository.Layout.Packs, "note.tar.gz");
        File.WriteAllText(note, "mine");
        File.WriteAllText(Path.Combine(repository.Layout.Snapshots, "note.jsonl.gz"), "mine");
        Run();
        Assert.True(File.Exists(note));
        Assert.True(File.Exists(Path.Combine(repository.Layout.Snapshots, "note.jsonl.gz")));
    }

    /// <summary>Somebody whose lease cannot be seen may have just written it.</summary>
    [Fact]
    public void What_is_younger_than_a_lease_can_be_old_stays_unless_it_is_known_whose_it_is()
    {
        AtomicFile.RemoveIfThere(repository.Layout.Header(TestRepository.Second));
        using (var alone = ReaderGuard.TryForDeleting(repository.Held))
        {
            Assert.Equal(0, Sweep.Run(repository.Held, alone!));
            Assert.Equal((true, true), (Has(orphan), File.Exists(repository.Layout.FileList(TestRepository.Second))));
            Assert.Equal(orphan.Bytes, Sweep.Run(repository.Held, alone!, new HashSet<Digest> { orphan.Sha256 }));
        }

        Assert.True(Has(own));
        Run();
        Assert.False(Has(own));
    }

    private long? Run()
    {
        foreach (var file in Directory.GetFiles(repository.Layout.Root, "*.gz", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-6));
        }

        using var alone = ReaderGuard.TryForDeleting(repository.Held);
        return Sweep.Run(repository.Held, alone!);
    }

    private bool Has(PackInfo pack) => File.Exists(repository.Layout.Pack(pack.Sha256));
}
