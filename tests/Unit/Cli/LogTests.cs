using System.Text;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Cli;

public sealed class LogTests : IDisposable
{
    private readonly MemoryStream stream = new();

    private string Written => Encoding.UTF8.GetString(stream.ToArray());

    public void Dispose() => stream.Dispose();

    public static TheoryData<object, string?, string, string> Notices() => new()
    {
        { Severity.Error, null, "error: it broke\n", "<3>error: it broke\n" },
        { Severity.Warning, "/a/b", "warning: /a/b: it broke\n", "<4>warning: /a/b: it broke\n" },
        { Severity.Information, null, "it broke\n", "<6>it broke\n" },
        { Severity.Detail, null, "it broke\n", "<7>it broke\n" },
        { Severity.Warning, "/a\nerror: \u001b[2J", "warning: /a\\nerror: \\x1b[2J: it broke\n", "<4>warning: /a\\nerror: \\x1b[2J: it broke\n" },
    };

    [Theory]
    [MemberData(nameof(Notices))]
    public void A_notice_is_one_line_dressed_for_its_reader(object severity, string? path, string plain, string journal)
    {
        Log(LogStyle.Plain, Severity.Detail).Say((Severity)severity, "it broke", path);
        Assert.Equal(plain, Written);

        stream.SetLength(0);
        Log(LogStyle.Journal, Severity.Detail).Say((Severity)severity, "it broke", path);
        Assert.Equal(journal, Written);
    }

    [Theory]
    [InlineData("Plain")]
    [InlineData("Json")]
    public void A_copy_is_told_all_but_details_whatever_is_shown(string style)
    {
        var copied = new List<string>();
        var log = Log(Enum.Parse<LogStyle>(style), Severity.Error);
        log.Copy = (severity, text) => copied.Add($"{severity} {text}");

        log.Say(Severity.Warning, "it broke", "/a\n");
        log.Say(Severity.Information, "go on");
        log.Say(Severity.Detail, "in detail");
        log.Note(Severity.Information, "not shown");
        Assert.Empty(Written);
        log.Fail(UserError.Failed("two\nlines", "do it"));

        Assert.Equal(["Warning /a\\n: it broke", "Information go on", "Information not shown", "Error two\\nlines; hint: do it"], copied);
    }

    [Fact]
    public void A_path_that_the_text_names_is_not_said_twice()
    {
        Log(LogStyle.Plain).Say(Severity.Warning, "cannot read /a/b: gone", "/a/b");

        Assert.Equal("warning: cannot read /a/b: gone\n", Written);
    }

    /// <summary>A source may be called "files".</summary>
    [Theory]
    [InlineData("lost its content: 12 files -> none", "warning: files: lost its content: 12 files -> none\n")]
    [InlineData("'files' was not saved", "warning: 'files' was not saved\n")]
    public void A_name_that_is_a_word_of_the_text_is_said_all_the_same(string text, string expected)
    {
        Log(LogStyle.Plain).Say(Severity.Warning, text, "files");

        Assert.Equal(expected, Written);
    }

    [Fact]
    public void With_json_a_notice_is_an_object()
    {
        Log(LogStyle.Json).Say(Severity.Warning, "it broke", "/a\n");

        Assert.Equal("""{"message_type":"notice","severity":"warning","text":"it broke","path":"/a\n"}""" + "\n", Written);
    }

    public static TheoryData<object, string> Leasts() => new()
    {
        { Severity.Warning, "error: e\nwarning: w\n" },
        { Severity.Information, "error: e\nwarning: w\ni\n" },
        { Severity.Detail, "error: e\nwarning: w\ni\nd\n" },
    };

    [Theory]
    [MemberData(nameof(Leasts))]
    public void Quiet_and_verbose_choose_what_is_said(object least, string expected)
    {
        var log = Log(LogStyle.Plain, (Severity)least);
        log.Say(Severity.Error, "e");
        log.Say(Severity.Warning, "w");
        log.Say(Severity.Information, "i");
        log.Say(Severity.Detail, "d");

        Assert.Equal(expected, Written);
    }

    [Fact]
    public void The_last_word_has_a_hint_and_later_lines_are_indented()
    {
        Log(LogStyle.Plain, Severity.Warning).Fail(UserError.Usage("one is wrong\ntwo is wrong", "mend it"));

        Assert.Equal("error: one is wrong\n  two is wrong\nhint: mend it\n", Written);
    }

    [Fact]
    public void In_the_journal_each_line_of_the_last_word_has_its_priority()
    {
        Log(LogStyle.Journal).Fail(UserError.Failed("one\ntwo", "mend it"));

        Assert.Equal("<3>error: one\n<3>  two\n<3>hint: mend it\n", Written);
    }

    [Fact]
    public void With_json_the_last_word_is_an_object_with_the_exit_code()
    {
        Log(LogStyle.Json).Fail(UserError.Usage("it is wrong", "mend it"));

        Assert.Equal("""{"message_type":"exit_error","code":2,"message":"it is wrong","hint":"mend it"}""", Written.TrimEnd('\n'));
    }

    [Fact]
    public void A_bug_shows_its_stack_line_by_line()
    {
        Log(LogStyle.Journal).Crash(new InvalidOperationException("two\nlines"));

        Assert.StartsWith("<3>internal error, please report it: System.InvalidOperationException: two\n<3>lines\n", Written, StringComparison.Ordinal);
    }

    [Fact]
    public void A_closed_standard_error_is_silent() =>
        new Log(new MessageStream(new BrokenStream(errno: 32))).Say(Severity.Error, "nobody hears");

    [Theory]
    [InlineData("8:1234", "socket:[1234]", true)]
    [InlineData("8:1234", "socket:[99]", false)]
    [InlineData("8:1234", "/var/log/own.log", false)]
    [InlineData("8:1234", null, false)]
    [InlineData("", "socket:[1234]", false)]
    [InlineData(null, "socket:[1234]", false)]
    public void Prefixes_are_for_the_journal_itself_only(string? journalStream, string? link, bool journal) =>
        Assert.Equal(journal, VertexAr.Backup.Cli.Log.IsJournal(journalStream, () => link));

    private Log Log(LogStyle style, Severity least = Severity.Information) => new(new MessageStream(stream), style, least);
}
