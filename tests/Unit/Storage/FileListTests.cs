using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class FileListTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Reads_what_it_writes()
    {
        var part = Write(5000);
        Assert.Equal(5000, Count(temp["list"]));
        Assert.Equal((new FileInfo(temp["list"]).Length, 5000L), (part.Bytes, part.Lines));
        Assert.Equal(Digest.Of(File.ReadAllBytes(temp["list"])), part.Sha256);
        Assert.Equal(0, Tools.Run("gzip", "-t", temp["list"]).Exit);
    }

    [Fact]
    public void Passes_over_the_files_that_are_not_asked_for_whatever_their_names()
    {
        byte[][] names = ["s/!"u8.ToArray(), "s/\"q\\"u8.ToArray(), "s/\u00e9"u8.ToArray(), [(byte)'s', (byte)'/', 0xFF]];
        using (var writer = new FileListWriter(temp["list"]))
        {
            writer.Write(TestRepository.File("s", []) with { Type = EntryType.Directory });
            Array.ForEach(names, name => writer.Write(TestRepository.File("x", TestRepository.Piece(0)) with { Path = name }));
            writer.Finish();
        }

        foreach (var name in names)
        {
            var read = Asked(name);
            Assert.Contains("73", read);
            Assert.Contains(Convert.ToHexString(name), read);
            Assert.True(name == names[0] || !read.Contains(Convert.ToHexString(names[0])));
        }
    }

    [Fact]
    public void What_could_not_be_saved_is_seen_only_by_those_who_ask_for_it()
    {
        using (var writer = new FileListWriter(temp["list"]))
        {
            writer.Write(TestRepository.File("s", []) with { Type = EntryType.Directory });
            writer.Write(TestRepository.File("s/a", []) with { Type = EntryType.Absent, Reason = "cannot be opened" });
            writer.Write(TestRepository.File("s/b", []));
            writer.Finish();
        }

        using (var plain = FileListReader.Open(temp["list"]))
        {
            Assert.Equal("s"u8, plain.Read()!.Path);
            Assert.Equal("s/b"u8, plain.Read()!.Path);
            Assert.Null(plain.Read());
        }

        var absent = new List<string>();
        using var reader = FileListReader.Open(temp["list"]);
        reader.Absent = entry => absent.Add($"{System.Text.Encoding.UTF8.GetString(entry.Path)} {entry.Reason}");
        Assert.NotNull(reader.Read(static _ => false));
        Assert.Null(reader.Read(static _ => false));
        Assert.Equal(["s/a cannot be opened"], absent);
    }

    [Theory]
    [InlineData("a/x", "a/x")]
    [InlineData("a/y", "a/x")]
    [InlineData("a", "a/x/y", "a/x")]
    public void A_path_that_comes_twice_or_too_late_is_damage(params string[] paths)
    {
        using (var writer = new FileListWriter(temp["list"]))
        {
            Array.ForEach(paths, path => writer.Write(TestRepository.File(path, [])));
            writer.Finish();
        }

        using var reader = FileListReader.Open(temp["list"]);
        Assert.All(paths[..^1], path => Assert.NotNull(reader.Read()));
        Assert.Throws<DamageError>(() => reader.Read());
    }

    [Fact]
    public void A_list_of_nothing_is_a_gzip_file_of_nothing()
    {
        Write(0);
        Assert.Equal((0, ""), Tools.Run("gzip", "-dc", temp["list"]));
        Assert.Equal(0, Count(temp["list"]));
    }

    [Fact]
    public void What_was_listed_up_to_a_check_point_can_be_read_whatever_comes_after()
    {
        using var writer = new FileListWriter(temp["list"]);
        Fill(writer, 0, 2000);
        var length = writer.Checkpoint();
        Fill(writer, 2000, 3000);
        var later = writer.Checkpoint();
        Fill(writer, 5000, 10);
        Assert.True(later > length);
        using (var file = File.OpenWrite(temp["list"]))
        {
            Assert.True(file.Length >= later);
            file.SetLength(length);
        }

        Assert.Equal(2000, Count(temp["list"]));
    }

    [Fact]
    public void Check_points_do_not_change_what_the_finished_list_says()
    {
        using var writer = new FileListWriter(temp["list"]);
        Fill(writer, 0, 10);
        writer.Checkpoint();
        writer.Checkpoint();
        Fill(writer, 10, 10);
        writer.Checkpoint();
        var part = writer.Finish();
        Assert.Equal((20, 20L), (Count(temp["list"]), part.Lines));
        Assert.Equal(Digest.Of(File.ReadAllBytes(temp["list"])), part.Sha256);
    }

    [Fact]
    public void A_list_cut_anywhere_is_damage_or_ends_with_a_whole_member()
    {
        Write(100);
        var whole = File.ReadAllBytes(temp["list"]);
        for (var length = 1; length < whole.Length; length += 23)
        {
            File.WriteAllBytes(temp["cut"], whole[..length]);
            Assert.Throws<DamageError>(() => Count(temp["cut"]));
        }
    }

    [Fact]
    public void Any_flipped_bit_is_damage_or_changes_nothing()
    {
        Write(5);
        var (whole, damaged) = (File.ReadAllBytes(temp["list"]), 0);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            whole[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(temp["bad"], whole);
            try
            {
                Assert.Equal(5, Count(temp["bad"]));
            }
            catch (DamageError)
            {
                damaged++;
            }

            whole[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        // The rest are bits of gzip's header, and repetitions that point to another place with the same text.
        Assert.True(damaged > whole.Length * 8 * 0.95, $"{damaged} of {whole.Length * 8}");
    }

    private PartFile Write(int lines)
    {
        using var writer = new FileListWriter(temp["list"]);
        Fill(writer, 0, lines);
        return writer.Finish();
    }

    private static void Fill(FileListWriter writer, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            writer.Write(TestRepository.File($"storage/{i:D6}", TestRepository.Piece(i, $"content {i}")));
        }
    }

    private List<string> Asked(byte[] name)
    {
        using var reader = FileListReader.Open(temp["list"]);
        var read = new List<string>();
        while (reader.Read(path => path.SequenceEqual(name)) is { } entry)
        {
            read.Add(Convert.ToHexString(entry.Path));
        }

        return read;
    }

    private static int Count(string path)
    {
        using var reader = FileListReader.Open(path);
        var count = 0;
        while (reader.Read() is { } entry)
        {
            Assert.Equal($"storage/{count:D6}", System.Text.Encoding.UTF8.GetString(entry.Path));
            Assert.Equal([TestRepository.Piece(count, $"content {count}")], entry.Pieces);
            count++;
        }

        return count;
    }
}
