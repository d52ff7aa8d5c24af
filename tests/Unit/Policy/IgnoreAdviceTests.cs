using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class IgnoreAdviceTests
{
    private const string Top = "/srv/app/files";

    [Theory]
    [InlineData("/srv/app/files/cache", "write '/cache'")]
    [InlineData("!/srv/app/files/cache/", "write '!/cache/'")]
    [InlineData("/srv/app/files", "is the tree itself")]
    [InlineData("./", "is the tree itself")]
    [InlineData("./cache", "write '/cache'")]
    [InlineData("./cache/", "write '/cache/'")]
    [InlineData("a/./b", "write '/a/b'")]
    [InlineData("a//b", "write '/a/b'")]
    [InlineData("cache//", "write '/cache/'")]
    [InlineData("//cache", "write '/cache'")]
    [InlineData("../files/cache", "write '/cache'")]
    [InlineData("../other", "leads out of /srv/app/files")]
    [InlineData("..", "leads out of /srv/app/files")]
    [InlineData("*.{jpg,png}", "write '*.jpg' and '*.png'")]
    [InlineData("{a,b,c}/{d,e}", "write 'a/d', 'a/e', 'b/d', 'b/e', 'c/d', 'c/e' as")]
    [InlineData("{a,{b,c}d}", "write 'a', 'bd', 'cd' as")]
    [InlineData("{a,}b", "write 'ab' and 'b' as")]
    [InlineData("", "names nothing")]
    [InlineData("   ", "names nothing")]
    [InlineData("!", "names nothing")]
    [InlineData("/", "names nothing")]
    [InlineData("# old files", "write '\\# old files'")]
    [InlineData("*.tmp\ncache/", "more than one line")]
    [InlineData("cache\r", "more than one line")]
    [InlineData("cache\\", "write '\\\\' for a backslash")]
    [InlineData("cache\\/", "write '\\\\' for a backslash")]
    [InlineData("a[bc", "write '\\['")]
    [InlineData("[[:letter:]]", "has a class [:letter:]")]
    [InlineData("a[/]b", "holds no character")]
    [InlineData("!keep", "write '\\!keep'")]
    public void A_pattern_that_can_match_nothing_is_named_with_the_right_form(string pattern, string advice) =>
        Assert.Contains(advice, Assert.Single(IgnoreAdvice.Check([pattern], Top)), StringComparison.Ordinal);

    [Theory]
    [InlineData("*.tmp")]
    [InlineData("cache/")]
    [InlineData("/cache")]
    [InlineData("/srv/app/filesystem")]
    [InlineData("\\!a")]
    [InlineData("\\#a")]
    [InlineData("\\{a,b}")]
    [InlineData("{a}")]
    [InlineData("[{,}]")]
    [InlineData(".*")]
    [InlineData("..a/...")]
    [InlineData("**")]
    [InlineData("a\\ ")]
    [InlineData(" a")]
    [InlineData("a[]]")]
    public void A_pattern_that_can_match_is_good(string pattern) => Assert.Null(Assert.Single(IgnoreAdvice.Check([pattern], Top)));

    [Theory]
    [InlineData("cache/*,!cache/keep", null)]
    [InlineData("cache/,!cache/keep", "leave out '/cache/*' instead")]
    [InlineData("*,!a/b", "take '!/a/' back in before")]
    [InlineData("*,!/a/,!a/b", null)]
    [InlineData("cache/,!cache/keep,!cache/", null)]
    [InlineData("*.tmp,!*/keep.tmp", null)]
    public void A_negation_must_reach_what_it_takes_back_in(string patterns, string? advice)
    {
        var problem = IgnoreAdvice.Check(patterns.Split(','), Top).OfType<string>().SingleOrDefault();
        Assert.Equal(advice is null, problem is null);
        Assert.Contains(advice ?? "", problem ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_the_whole_machine_has_its_absolute_paths_for_patterns() => Assert.Equal([null], IgnoreAdvice.Check(["/var/cache"], "/"));
}
