using System.Diagnostics;
using System.Text;
using CsCheck;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class IgnoreRulesTests
{
    [Theory]
    [InlineData("*.tmp,!keep.tmp", "a.tmp", true)]
    [InlineData("*.tmp,!keep.tmp", "keep.tmp", false)]
    [InlineData("!keep.tmp,*.tmp", "keep.tmp", true)]
    [InlineData("cache/*,!cache/keep", "cache/keep/k", false)]
    [InlineData("cache/*,!cache/keep", "cache/a", true)]
    [InlineData("cache/,!cache/keep", "cache/keep/k", true)]
    [InlineData("/*,!/media,/media/*,!/media/*.jpg", "media/1.jpg", false)]
    [InlineData("/*,!/media,/media/*,!/media/*.jpg", "media/1.mp4", true)]
    [InlineData("a\\ ", "a ", true)]
    [InlineData("a  ", "a", true)]
    [InlineData("\\!a", "!a", true)]
    [InlineData("\\#a", "#a", true)]
    [InlineData("#a", "#a", false)]
    public void The_last_that_matches_decides(string patterns, string path, bool excluded) =>
        Assert.Equal(excluded, new IgnoreRules(patterns.Split(',')).ExcludesOrContains(Encoding.UTF8.GetBytes(path), isDirectory: false));

    [Fact]
    public void What_matched_nothing_is_known_even_where_another_pattern_decided()
    {
        var rules = new IgnoreRules(["*.tmp", "cache/", "a.tmp", "never"]);
        Assert.True(rules.Excludes("a.tmp"u8, isDirectory: false));
        Assert.Equal(["cache/", "never"], rules.Unmatched);
    }

    /// <summary>Each case is a directory with a .gitignore of its own, so that git says of thousands of paths in one call what it ignores.</summary>
    [Fact]
    public void Agrees_with_git()
    {
        using var directory = new TempDirectory();
        var cases = new List<GitCase>();
        Cases.Sample(made => { lock (cases) { cases.Add(made); } }, iter: 400, threads: 1);
        for (var i = 0; i < cases.Count; i++)
        {
            cases[i].Write(Path.Combine(directory.Root, $"{i}"));
        }

        var answers = GitCase.Ask(directory.Root, cases);
        var wrong = new List<string>();
        foreach (var (asked, path, isDirectory, ignored) in answers)
        {
            if (new IgnoreRules(asked.Patterns).ExcludesOrContains(Encoding.UTF8.GetBytes(path), isDirectory) != ignored)
            {
                wrong.Add($"{string.Join("  ", asked.Patterns.Select(p => $"'{p}'"))}: '{path}'{(isDirectory ? "/" : "")} is {(ignored ? "" : "not ")}ignored by git");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {answers.Count}:\n{string.Join('\n', wrong.OrderBy(line => line.Length).Take(20))}");
        Assert.InRange(answers.Count(answer => answer.Ignored), answers.Count / 20, answers.Count * 19 / 20);
    }

    private static readonly Gen<string> Piece = Gen.OneOfConst(
        "a", "b", "ab", "/", "/", "*", "?", "**", "**/", "/**/", "/**", "***", "[ab]", "[!a]", "[^b-z]", "[]a]", "[a-]", "[b-a]", "[[:alpha:]]", "[[:digit:][:punct:]]",
        "[[:foo:]]", "[[:a]", "[\\]a]", "[a\\-c]", "[", "]", "\\*", "\\a", "\\", "\\/", " ", "\\ ", "{a,b}", "!", "#", "é", ".", "/*", "1");

    private static readonly Gen<string> Pattern = Gen.Select(
        Gen.Frequency((6, Gen.Const("")), (2, Gen.Const("!")), (2, Gen.Const("/")), (1, Gen.Const("\\"))),
        Piece.Array[1, 5].Select(string.Concat),
        Gen.Frequency((5, Gen.Const("")), (2, Gen.Const("/")), (1, Gen.Const(" "))),
        (start, middle, end) => start + middle + end);

    private static readonly Gen<string> Name = Gen.Frequency(
        (6, Gen.OneOfConst("a", "b", "ab", "ba", "aa")), (1, Gen.OneOfConst("c", "1", "-", "]", "[", "*", "!", "#", "\\", "é", "a ", " ", ".a", "{a,b}", "a.b", "[a", "!a", "#a", "a\nb", "\t")));

    private static readonly Gen<GitCase> Cases = Gen.Select(
        Pattern.Array[1, 4], Name.Array[1, 4].Select(names => string.Join('/', names)).Array[4, 12], (patterns, paths) => new GitCase(patterns, paths));

    private sealed record GitCase(string[] Patterns, string[] Paths)
    {
        /// <summary>What became a file; everything above it is a directory.</summary>
        private readonly List<(string Path, bool IsDirectory)> made = [];

        public void Write(string top)
        {
            Directory.CreateDirectory(top);
            foreach (var path in Paths.Order(StringComparer.Ordinal).Distinct().OrderByDescending(path => path.Count(c => c == '/')))
            {
                if (!Path.Exists(Path.Combine(top, path)))
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(top, path))!);
                    File.WriteAllText(Path.Combine(top, path), "");
                }
            }

            made.AddRange(Directory.EnumerateDirectories(top, "*", All).Select(path => (Path.GetRelativePath(top, path), true)));
            made.AddRange(Directory.EnumerateFiles(top, "*", All).Select(path => (Path.GetRelativePath(top, path), false)));
            File.WriteAllText(Path.Combine(top, ".gitignore"), string.Join('\n', Patterns) + "\n");
        }

        public static List<(GitCase Asked, string Path, bool IsDirectory, bool Ignored)> Ask(string top, List<GitCase> cases)
        {
            Tools.Run("git", "init", "-q", top);
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", top, "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-v", "-n", "--stdin", "-z"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                StandardInputEncoding = new UTF8Encoding(false),
                StandardOutputEncoding = Encoding.UTF8,
            })!;
            var questions = cases.SelectMany((asked, i) => asked.made.Select(path => (Asked: asked, Number: i, path.Path, path.IsDirectory))).ToList();
            var output = git.StandardOutput.ReadToEndAsync();
            git.StandardInput.Write(string.Concat(questions.Select(question => $"{question.Number}/{question.Path}\0")));
            git.StandardInput.Close();
            var fields = output.GetAwaiter().GetResult().Split('\0');
            git.WaitForExit();
            Assert.Equal((questions.Count * 4) + 1, fields.Length);
            return [.. questions.Select((question, i) =>
                (question.Asked, question.Path, question.IsDirectory, fields[(i * 4) + 2] is { Length: > 0 } pattern && !pattern.StartsWith('!')))];
        }

        private static readonly EnumerationOptions All = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };
    }
}
