using System.Diagnostics;
using System.Text;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class GlobTests
{
    [Theory]
    [InlineData("*.tmp", "a.tmp")]
    [InlineData("*.tmp", "d/e/a.tmp")]
    [InlineData("*.tmp", ".tmp")]
    [InlineData("cache", "a/cache")]
    [InlineData("/cache", "cache")]
    [InlineData("a/b", "a/b")]
    [InlineData("a/*/c", "a/b/c")]
    [InlineData("a/**/c", "a/c")]
    [InlineData("a/**/c", "a/b/b/c")]
    [InlineData("**/c", "c")]
    [InlineData("**/c", "a/b/c")]
    [InlineData("a/**", "a/b/c")]
    [InlineData("a**z/x", "abz/x")]
    [InlineData("a**/x", "a/b/x")]
    [InlineData("?.jpg", "d/x.jpg")]
    [InlineData("[a-c]x", "bx")]
    [InlineData("[!a-c]x", "dx")]
    [InlineData("[^a-c]x", "dx")]
    [InlineData("[]]x", "]x")]
    [InlineData("[[:digit:]_]x", "7x")]
    [InlineData("\\*", "*")]
    [InlineData("\\[a]", "[a]")]
    [InlineData("a?c*e", "abcde")]
    [InlineData("é*", "éa")]
    public void Fits(string pattern, string path) => Assert.True(Matches(pattern, path));

    [Theory]
    [InlineData("*.tmp", "a.tmp.b")]
    [InlineData("/cache", "a/cache")]
    [InlineData("a/b", "x/a/b")]
    [InlineData("a/*/c", "a/b/b/c")]
    [InlineData("a/*", "a/b/c")]
    [InlineData("a/?", "a/bc")]
    [InlineData("a/**/c", "a/bc")]
    [InlineData("**/c", "bc")]
    [InlineData("a/**", "a")]
    [InlineData("a**z/x", "a/b/z/x")]
    [InlineData("a/[!x]b", "a//b")]
    [InlineData("[!a-c]x", "bx")]
    [InlineData("\\*", "x")]
    [InlineData("", "a")]
    [InlineData("[ab", "[ab")]
    [InlineData("x\\", "x\\")]
    [InlineData("A", "a")]
    public void Does_not_fit(string pattern, string path) => Assert.False(Matches(pattern, path));

    [Fact]
    public void A_slash_at_the_end_means_directories_only()
    {
        var glob = new Glob("cache/");
        Assert.True(glob.Matches("a/cache"u8, isDirectory: true));
        Assert.False(glob.Matches("a/cache"u8, isDirectory: false));
    }

    [Theory]
    [InlineData("storage/portraits", "storage/portraits/1/a.jpg", true)]
    [InlineData("storage/portraits/", "storage/portraits/1/a.jpg", true)]
    [InlineData("storage/port", "storage/portraits/1/a.jpg", false)]
    [InlineData("storage/*", "storage/portraits/1/a.jpg", true)]
    [InlineData("storage/portraits/1/a.jpg", "storage/portraits/1/a.jpg", true)]
    [InlineData("storage/portraits/1/a.jpg/", "storage/portraits/1/a.jpg", false)]
    [InlineData("storage", "storage", true)]
    public void A_directory_that_fits_means_all_that_is_in_it(string pattern, string path, bool fits) =>
        Assert.Equal(fits, new Glob(pattern).MatchesOrContains(Encoding.UTF8.GetBytes(path), isDirectory: false));

    [Theory]
    [InlineData("**/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b")]
    [InlineData("/**a**a**a**a**a**a**a**a**a**a**b")]
    [InlineData("**/a*/**/a*/**/a*/**/a*/**/a*/**/b")]
    [InlineData("**/*a*a/**/*a*a/**/*a*a/**/b")]
    public void No_pattern_takes_exponential_time(string pattern)
    {
        var path = Encoding.ASCII.GetBytes(string.Join('/', Enumerable.Repeat(new string('a', 30), 100)));
        var watch = Stopwatch.StartNew();
        Assert.False(new Glob(pattern).Matches(path, isDirectory: false));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
    }

    private static bool Matches(string pattern, string path) => new Glob(pattern).Matches(Encoding.UTF8.GetBytes(path), isDirectory: false);
}
