using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class PathSelectionTests
{
    private static readonly SourceSummary[] Sources =
    [
        Source("app", SourceKind.Database, "/opt/app/data/app.db"), Source("srv", SourceKind.Storage, "/opt/app/srv"), Source("inner", SourceKind.Storage, "/opt/app/srv/in"),
    ];

    private static readonly string[] List =
    [
        "app/", "app/app.db", "srv/", "srv/[1].jpg", "srv/1.jpg", "srv/a*b", "srv/aXb", "srv/back\\slash", "srv/backslash", "srv/d/", "srv/d/1.jpg", "srv/d/e/", "srv/d/e/f",
        "srv/line\nend", "srv/ space ", "srv/srv/", "srv/srv/1.jpg", "srv/star*/", "srv/star*/x", "srv/stark", "inner/", "inner/1.jpg",
    ];

    [Theory]
    [InlineData("srv/[1].jpg", "srv/[1].jpg")]
    [InlineData("srv/1.jpg", "srv/1.jpg")]
    [InlineData("[1].jpg", "srv/[1].jpg")]
    [InlineData("a*b", "srv/a*b")]
    [InlineData("star*", "srv/star*,srv/star*/x")]
    [InlineData("s*k", "srv/stark")]
    [InlineData("srv/?.jpg", "srv/1.jpg,srv/srv/1.jpg")]
    [InlineData("srv/a*b", "srv/a*b")]
    [InlineData("srv/a*", "srv/a*b,srv/aXb")]
    [InlineData("srv/back\\slash", "srv/back\\slash")]
    [InlineData("srv/line\\nend", "srv/line\nend")]
    [InlineData("srv/line\nend", "srv/line\nend")]
    [InlineData("srv/ space ", "srv/ space ")]
    [InlineData("srv/d", "srv/d,srv/d/1.jpg,srv/d/e,srv/d/e/f")]
    [InlineData("srv/d/", "srv/d,srv/d/1.jpg,srv/d/e,srv/d/e/f")]
    [InlineData("srv/star*", "srv/star*,srv/star*/x")]
    [InlineData("d/e", "srv/d/e,srv/d/e/f")]
    [InlineData("/opt/app/srv/[1].jpg", "srv/[1].jpg")]
    [InlineData("/opt/app/srv/in/1.jpg", "inner/1.jpg")]
    [InlineData("/opt/app/srv/in", "inner,inner/1.jpg")]
    [InlineData("/opt/app/data/app.db", "app/app.db")]
    [InlineData("/opt/app/data", "app,app/app.db")]
    [InlineData("/opt/app/data/", "app,app/app.db")]
    [InlineData("/opt/app/srv/d", "srv/d,srv/d/1.jpg,srv/d/e,srv/d/e/f")]
    [InlineData("/opt/app/srv/d/*.jpg", "srv/d/1.jpg")]
    [InlineData("1.jpg", "srv/1.jpg,srv/d/1.jpg,srv/srv/1.jpg,inner/1.jpg")]
    [InlineData("app", "app,app/app.db")]
    [InlineData("inner", "inner,inner/1.jpg")]
    public void A_name_stands_for_itself_first_and_is_a_pattern_second(string path, string wanted) => Assert.Equal(wanted.Split(','), Wanted(path));

    /// <summary>In the list, a source's name is that source and no other.</summary>
    [Fact]
    public void A_directory_on_the_disk_takes_what_other_sources_have_in_it_and_a_name_of_the_list_does_not()
    {
        Assert.Contains("inner/1.jpg", Wanted("/opt/app/srv"));
        Assert.Equal(List.Length, Wanted("/opt/app").Count);
        Assert.Equal(List.Length, Wanted("/").Count);
        Assert.DoesNotContain("inner/1.jpg", Wanted("srv"));
        Assert.Empty(Wanted("/opt/app/dat"));
        Assert.Equal(["inner", "srv"], Noted("/opt/app/srv").Sources.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Several_paths_add_up() => Assert.Equal(["app/app.db", "srv/[1].jpg", "srv/d/1.jpg"], Wanted("srv/[1].jpg", "app.db", "d/?.jpg"));

    [Fact]
    public void What_fits_nothing_is_named()
    {
        Assert.Equal(["srv/d/1.jpg/", "nothing"], Noted("srv/1.jpg", "srv/d/1.jpg/", "nothing").Unmatched);
        Assert.Equal(["app", "srv"], Noted("app.db", "srv/1.jpg").Sources.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_belongs_to_a_database_comes_along_and_what_has_such_a_name_only_does_not()
    {
        string[] list = ["srv/", "srv/a.db", "srv/a.db-shm", "srv/a.db-wal", "srv/b.db-wal", "srv/text.db", "srv/text.db-wal", "srv/z.db", "srv/z.db-wal/"];
        var selection = new PathSelection(["*.db"], Sources);
        Array.ForEach(list, path => selection.Note(Bytes(path), path.EndsWith('/')));
        Assert.Equal(["srv/a.db", "srv/b.db", "srv/text.db"], selection.MaybeDatabases.Order(StringComparer.Ordinal));
        Assert.Equal(["srv/a.db", "srv/text.db", "srv/z.db"], Along());
        selection.TakeAlong(new HashSet<string>(["srv/a.db"]));
        Assert.Equal(["srv/a.db", "srv/a.db-shm", "srv/a.db-wal", "srv/text.db", "srv/z.db"], Along());

        IEnumerable<string> Along() => list.Where(path => selection.IsWanted(Bytes(path), path.EndsWith('/')));
    }

    /// <summary>A terminal shows both as one: whoever asks for what is shown gets both.</summary>
    [Fact]
    public void Names_that_are_no_text_are_found_as_they_are_shown()
    {
        var selection = new PathSelection(["srv/\ufffd.jpg"], Sources);
        byte[][] paths = [[.. "srv/"u8, 0xff, .. ".jpg"u8], [.. "srv/"u8, 0xfe, .. ".jpg"u8], [.. "srv/a.jpg"u8]];
        Array.ForEach(paths, path => selection.Note(path, isDirectory: false));
        Assert.Equal([true, true, false], paths.Select(path => selection.IsWanted(path, isDirectory: false)));
    }

    /// <summary>Its own bytes name one of them, and what is printed names it first whose name that is.</summary>
    [Fact]
    public void A_name_as_it_is_comes_before_what_is_printed_for_others()
    {
        byte[][] paths = [[.. "srv/"u8, 0xff, .. ".jpg"u8], [.. "srv/"u8, 0xfe, .. ".jpg"u8], [.. "srv/a\nb"u8], [.. "srv/a\\nb"u8]];
        Assert.Equal([true, false, false, false], Chosen(ArgumentBytes.Text(paths[0]), out var said));
        Assert.Empty(said);
        Assert.Equal([false, true, false, false], Chosen($"/opt/app/{ArgumentBytes.Text(paths[1])}", out said));
        Assert.Empty(said);
        Assert.Equal([false, false, false, true], Chosen("srv/a\\nb", out said));
        Assert.Equal("""'srv/a\nb' is one name as it is, and also how 1 other is printed, which is not chosen: $'srv/a\012b'""", Assert.Single(said));
        Assert.Equal([false, false, true, false], Chosen("srv/a\nb", out said));
        Assert.Empty(said);
        Assert.Equal([true, true, false, false], Chosen("srv/\ufffd.jpg", out said));
        Assert.Contains("""2 names are printed, all of which are chosen; for one alone, give its bytes: $'srv/\377.jpg', $'srv/\376.jpg'""", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal([false, false, false, false], Chosen(ArgumentBytes.Text([.. "srv/"u8, 0xfd, .. ".jpg"u8]), out _));

        IEnumerable<bool> Chosen(string path, out IEnumerable<string> said)
        {
            var selection = new PathSelection([path], Sources);
            Array.ForEach(paths, one => selection.Note(one, isDirectory: false));
            said = selection.Alike;
            return paths.Select(one => selection.IsWanted(one, isDirectory: false));
        }
    }

    private static List<string> Wanted(params string[] paths)
    {
        var selection = Noted(paths);
        return [.. List.Where(path => selection.IsWanted(Bytes(path), path.EndsWith('/'))).Select(path => path.TrimEnd('/'))];
    }

    private static PathSelection Noted(params string[] paths)
    {
        var selection = new PathSelection(paths, Sources);
        Array.ForEach(List, path => selection.Note(Bytes(path), path.EndsWith('/')));
        return selection;
    }

    private static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path.TrimEnd('/'));

    private static SourceSummary Source(string name, SourceKind kind, string path) => new()
    {
        Name = name,
        Kind = kind,
        Path = path,
        Files = 0,
        Directories = 0,
        Symlinks = 0,
        Bytes = 0,
        NewBytes = 0,
    };
}
