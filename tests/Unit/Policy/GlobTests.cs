using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
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
    [InlineData("a**z/x", "a/b/z/x")]
    [InlineData("?.jpg", "d/x.jpg")]
    [InlineData("[a-c]x", "bx")]
    [InlineData("[!a-c]x", "dx")]
    [InlineData("[^a-c]x", "dx")]
    [InlineData("[]]", "[]]")]
    [InlineData("[ab", "[ab")]
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
    [InlineData("a/[!x]b", "a//b")]
    [InlineData("[!a-c]x", "bx")]
    [InlineData("\\*", "x")]
    [InlineData("", "a")]
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

    /// <summary>Compared with a regular expression made from the same pattern, which retreats everywhere.</summary>
    [Fact]
    public void Agrees_with_a_regular_expression()
    {
        var token = Gen.OneOfConst("a", "b", "/", "?", "*", "**", "**/", "/**/", "[ab]", "[!a]", "\\*");
        var pattern = token.Array[1, 7].Select(string.Concat).Where(p => !p.Contains("***", StringComparison.Ordinal));
        var path = Gen.OneOfConst('a', 'b', '*', '/').Array[1, 9].Select(chars => new string(chars));
        Gen.Select(pattern, path).Sample(
            (p, t) => Assert.Equal(Regex.IsMatch(t, Translate(p.Trim('/'))), new Glob("/" + p).Matches(Encoding.ASCII.GetBytes(t), isDirectory: true)),
            iter: 100_000);
    }

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

    private static string Translate(string pattern)
    {
        var text = new StringBuilder("\\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*' when pattern[i..].StartsWith("**/", StringComparison.Ordinal) && (i == 0 || pattern[i - 1] == '/'):
                    text.Append("(?:.*/)?");
                    i += 2;
                    break;
                case '*' when pattern[i..].StartsWith("**", StringComparison.Ordinal):
                    text.Append(".*");
                    i++;
                    break;
                case '*':
                    text.Append("[^/]*");
                    break;
                case '?':
                    text.Append("[^/]");
                    break;
                case '[':
                    text.Append(pattern[i + 1] == '!' ? "[^a/]" : "[ab]");
                    i += 3;
                    break;
                case '\\':
                    text.Append("\\*");
                    i++;
                    break;
                default:
                    text.Append(pattern[i]);
                    break;
            }
        }

        return text.Append("\\z").ToString();
    }
}
