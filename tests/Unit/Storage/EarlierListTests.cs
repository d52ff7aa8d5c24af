using System.Text;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class EarlierListTests : IDisposable
{
    private static readonly SourceName A = new("a", SourceKind.Database);
    private static readonly SourceName B = new("b", SourceKind.Storage);
    private static readonly SourceName C = new("c", SourceKind.Storage);

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Is_walked_beside_the_sources()
    {
        using var list = Write([A, B, C], "a/app.db", "b", "b/d", "b/d/1", "b/d-1", "b/e", "c", "c/1");
        string[] wanted = ["a/app.db", "a/other", "b", "b/a", "b/d", "b/d/1", "b/d/2", "b/d-1", "b/f", "c/1", "c/2"];
        Assert.Equal(
            ["a/app.db", "b", "b/d", "b/d/1", "b/d-1", "c/1"],
            wanted.Where(path => list.Find(new SourceName(path[..1], path[0] == 'a' ? SourceKind.Database : SourceKind.Storage), Encoding.ASCII.GetBytes(path)) is not null));
    }

    [Fact]
    public void A_source_that_was_not_there_is_passed_over_and_costs_nothing()
    {
        using var list = Write([A, C], "a/1", "c/1");
        Assert.NotNull(list.Find(A, "a/1"u8));
        Assert.Null(list.Find(B, "b/1"u8));
        Assert.NotNull(list.Find(C, "c/1"u8));
    }

    [Fact]
    public void A_source_that_is_no_longer_there_is_skipped()
    {
        using var list = Write([A, B, C], "a/1", "b/1", "b/2", "c/1");
        Assert.NotNull(list.Find(C, "c/1"u8));
        Assert.False(list.Has(C, "c/2"u8));
        Assert.False(list.Has(C, "c/3"u8));
    }

    [Fact]
    public void The_same_name_of_another_kind_is_another_source()
    {
        using var list = Write([A], "a/1");
        Assert.Null(list.Find(new SourceName("a", SourceKind.Storage), "a/1"u8));
    }

    [Fact]
    public void What_lies_in_a_pack_that_cannot_be_relied_on_is_not_found()
    {
        using var list = Write([B], [7, EarlierList.NoHandle], TestRepository.File("b/1", TestRepository.Piece(0), Piece.Hole(5)),
            TestRepository.File("b/2", TestRepository.Piece(0), TestRepository.Piece(1)), TestRepository.File("b/3", TestRepository.Piece(2)), TestRepository.File("b/4", Piece.Hole(9)));
        Assert.Equal([7, Piece.NoPack], list.Find(B, "b/1"u8)!.Pieces.Select(p => p.Pack));
        Assert.Null(list.Find(B, "b/2"u8));
        Assert.Null(list.Find(B, "b/3"u8));
        Assert.NotNull(list.Find(B, "b/4"u8));
    }

    [Fact]
    public void A_damaged_list_gives_what_was_before_the_damage()
    {
        using var list = Write([B], [.. Enumerable.Range(0, 20_000).Select(i => $"b/{i:D6}")]);
        using (var file = File.OpenWrite(temp["list"]))
        {
            file.SetLength(file.Length / 2);
        }

        Assert.NotNull(list.Find(B, "b/000000"u8));
        Assert.Null(list.Find(B, "b/019999"u8));
        Assert.Null(list.Find(B, "b/020000"u8));
        Assert.True(list.Has(B, "b/019999"u8), "what comes after the damage may have been there");
        new PieceIndex(list.Fill, Path.GetTempPath()).Dispose();
    }

    [Fact]
    public void Everything_that_is_stored_goes_into_the_index()
    {
        using var list = Write([B], [3, EarlierList.NoHandle], TestRepository.File("b/1", TestRepository.Piece(0, "one"), Piece.Hole(5)),
            TestRepository.File("b/2", TestRepository.Piece(1, "two")), TestRepository.File("b/3", TestRepository.Piece(0, new string('l', PieceWriter.InMemory + 1))));
        using var index = new PieceIndex(list.Fill, Path.GetTempPath());
        Assert.Equal(3, index.FindOrClaim(TestRepository.Piece(0, "one").Sha256, 3)!.Value.Pack);
        Assert.Null(index.FindOrClaim(TestRepository.Piece(0, "two").Sha256, 3));
        Assert.False(index.TryClaimLength(PieceWriter.InMemory + 1));
        Assert.True(index.TryClaimLength(3));
    }

    [Fact]
    public void The_next_line_is_known_by_its_beginning_and_copied()
    {
        FileEntry[] entries = [.. Enumerable.Range(0, 4).Select(i => TestRepository.File($"b/{i}", TestRepository.Piece(i % 2, $"content {i}")))];
        using var list = Write([B], [5, 6], entries);
        Assert.Null(Next(list, entries[1]));
        Assert.Equal(5, Next(list, entries[0])!.Value.Handle);
        Assert.Equal(6, Next(list, entries[1])!.Value.Handle);
        Assert.NotNull(list.Find(B, "b/2"u8));
        Assert.Equal(6, Next(list, entries[3])!.Value.Handle);
        Assert.Null(Next(list, entries[3]));
    }

    [Fact]
    public void A_copied_line_reads_as_the_entry_with_its_pack_renumbered()
    {
        var entry = TestRepository.File("b/\"ä\n", TestRepository.Piece(3, "content")) with { User = "www", Inode = 17 };
        using var list = Write([B], [0, 0, 0, 4], entry);
        var known = Next(list, entry)!.Value;
        using (var writer = new FileListWriter(temp["copy"]))
        {
            writer.Write(known.Line, 1234);
            writer.Finish();
        }

        using var copy = FileListReader.Open(temp["copy"]);
        var read = copy.Read()!;
        Assert.Equal(entry.Path, read.Path);
        Assert.Equal(("www", 17UL), (read.User, read.Inode));
        Assert.Equal([entry.Pieces[0] with { Pack = 1234 }], read.Pieces);
        Assert.Null(copy.Read());
    }

    [Fact]
    public void A_line_that_differs_anywhere_is_not_the_next()
    {
        var entry = TestRepository.File("b/1", TestRepository.Piece(0, "content")) with { Inode = 17 };
        using var list = Write([B], entry);
        Assert.All(
            [entry with { Inode = 1 }, entry with { Inode = 171 }, entry with { Mode = 0 }, entry with { Uid = 77 }, entry with { Size = 8 }, entry with { Modified = new(1, 0) }, entry with { Changed = new(0, 1) }, entry with { Group = "www" }],
            other => Assert.Null(Next(list, other)));
        Assert.NotNull(Next(list, entry));
    }

    [Theory]
    [InlineData("several pieces", 0, "one", 0, "two")]
    [InlineData("a hole", 0, "one", Piece.NoPack, "")]
    public void Only_a_file_of_one_piece_is_copied(string reason, int pack, string content, int otherPack, string other)
    {
        var second = otherPack == Piece.NoPack ? Piece.Hole(9) : TestRepository.Piece(otherPack, other);
        var entry = TestRepository.File("b/1", TestRepository.Piece(pack, content), second);
        using var list = Write([B], entry);
        Assert.True(Next(list, entry) is null, reason);
        Assert.NotNull(list.Find(B, "b/1"u8));
    }

    [Fact]
    public void A_line_whose_pack_cannot_be_relied_on_is_not_copied()
    {
        var entry = TestRepository.File("b/1", TestRepository.Piece(1, "content"));
        using var list = Write([B], [0, EarlierList.NoHandle], entry);
        Assert.Null(Next(list, entry));
        Assert.Null(list.Find(B, "b/1"u8));
    }

    private static (KnownLine Line, int Handle)? Next(EarlierList list, FileEntry entry) =>
        list.FindNext(B, new FileLineHead().Of(entry), entry.Size);

    private EarlierList Write(SourceName[] sources, params FileEntry[] entries) => Write(sources, [0], entries);

    private EarlierList Write(SourceName[] sources, params string[] paths) => Write(sources, [0], [.. paths.Select(p => TestRepository.File(p, TestRepository.Piece(0)))]);

    private EarlierList Write(SourceName[] sources, int[] handles, params FileEntry[] entries)
    {
        using var writer = new FileListWriter(temp["list"]);
        Array.ForEach(entries, writer.Write);
        writer.Finish();
        return new EarlierList(DateTimeOffset.UnixEpoch, temp["list"], sources, handles);
    }
}
