using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

public sealed class RemoteListingTests
{
    [Fact]
    public void Files_are_known_by_path_and_size_and_directories_are_none()
    {
        var listing = Read(
            "",
            "[",
            """{"Path":"repository.json","Name":"repository.json","Size":230,"ModTime":"","IsDir":false},""",
            """{"Path":"packs/ab/ab1.tar.gz","Name":"ab1.tar.gz","Size":3000000,"ModTime":"","IsDir":false,"Hashes":{"sha256":"01","md5":"02"}},""",
            """{"Path":"packs","Name":"packs","Size":-1,"ModTime":"","IsDir":true}""",
            "]");

        Assert.True(listing.IsComplete);
        Assert.Equal(["packs/ab/ab1.tar.gz", "repository.json"], listing.Files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new RemoteFile(3000000, "01", "02"), listing.Files["packs/ab/ab1.tar.gz"]);
        Assert.Equal((230, null), (listing.Size("repository.json"), listing.Size("other")));
    }

    [Fact]
    public void A_list_without_its_end_is_not_complete() =>
        Assert.False(Read("", "[", """{"Path":"a","Size":1,"IsDir":false},""").IsComplete);

    [Fact]
    public void Of_two_files_with_one_name_no_size_is_known()
    {
        var listing = Read("", """{"Path":"a","Size":1,"IsDir":false},""", """{"Path":"a","Size":1,"IsDir":false}""");

        Assert.Equal(-1, listing.Size("a"));
    }

    [Fact]
    public void What_was_listed_of_a_directory_replaces_what_was_known_of_it()
    {
        var all = Read("", """{"Path":"packs/a","Size":1}""", """{"Path":"packs/b","Size":1}""", """{"Path":"packs2/c","Size":1}""");
        all.Replace("packs", Read("packs", """{"Path":"a","Size":2}"""));

        Assert.Equal((2, null, 1), (all.Size("packs/a"), all.Size("packs/b"), all.Size("packs2/c")));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"Path":7,"Size":1}""")]
    [InlineData("""{"Size":1}""")]
    [InlineData("""{"Path":"a","Size":"1"}""")]
    [InlineData("""{"Path":"a","Size":1.5}""")]
    [InlineData("""{"Path":"a"}""")]
    public void A_line_that_cannot_be_read_is_an_error(string line) => Assert.Throws<FormatException>(() => Read("", line));

    private static RemoteListing Read(string below, params string[] lines)
    {
        var listing = new RemoteListing();
        foreach (var line in lines)
        {
            listing.Read(line, below);
        }

        return listing;
    }
}
