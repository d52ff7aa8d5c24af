using System.Text;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class RestoreBoundsTests
{
    private const string Stamp = "20261126T020000.000Z";
    private const string Journal = $"/srv/app/.data.restore_{Stamp}.steps";

    [Fact]
    public void What_lies_next_to_the_target_with_its_time_is_its_own()
    {
        var head = Head() with
        {
            Scratch =
            [
                $"/srv/app/.data.restore_{Stamp}", $"/srv/app/.data.restore_{Stamp}.probe", $"/srv/app/data/mount/.restore_{Stamp}", $"/srv/app/data/mount/.restore_{Stamp}.probe",
            ],
            Databases = ["/srv/app/data/app.db"],
            Above = [new DirectoryTime("/srv/app", default), new DirectoryTime("/", default)],
        };

        var narrowed = RestoreBounds.Narrow(Journal, head);

        Assert.Equal(head.Scratch, narrowed.Scratch);
        Assert.Equal(head.Databases, narrowed.Databases);
        Assert.Equal(head.Above, narrowed.Above);
    }

    [Theory]
    [InlineData("/srv/app/data")]
    [InlineData("/srv/app/data/a/b")]
    [InlineData("/srv/app/data-wal")]
    [InlineData($"/srv/app/data.before_restore_{Stamp}")]
    [InlineData($"/srv/app/data.before_restore_{Stamp}--")]
    [InlineData($"/srv/app/data.before_restore_{Stamp}/a")]
    [InlineData($"/srv/app/data-journal.before_restore_{Stamp}")]
    [InlineData($"/srv/app/.data.restore_{Stamp}/a")]
    public void Its_steps_are_about_that(string path) =>
        Assert.Empty(RestoreBounds.Require(RestoreBounds.Narrow(Journal, Head()), [Step(path)], []));

    [Theory]
    [InlineData("/etc")]
    [InlineData("/srv/app")]
    [InlineData("/srv/app/other")]
    [InlineData("/srv/app/data2/a")]
    [InlineData("/srv/app/data/../other")]
    [InlineData("/srv/app/data/./a")]
    [InlineData("/srv/app//data")]
    [InlineData("srv/app/data")]
    [InlineData("/srv/app/data.before_restore_20261126T020000.001Z")]
    [InlineData($"/srv/app/data.before_restore_{Stamp}x")]
    [InlineData($"/srv/app/data.before_restore_{Stamp}/../../../etc")]
    [InlineData("/srv/app/.data.restore_")]
    public void Steps_about_anything_else_are_refused(string path) =>
        Assert.Throws<FormatException>(() => RestoreBounds.Require(RestoreBounds.Narrow(Journal, Head()), [Step(path)], []));

    [Theory]
    [InlineData("/etc")]
    [InlineData("/srv/app/data")]
    [InlineData("/srv/app/data/a")]
    [InlineData("/srv/app/other")]
    [InlineData($"/etc/.restore_{Stamp}")]
    public void Scratch_that_a_restore_would_not_have_made_is_refused(string path) =>
        Assert.Throws<FormatException>(() => RestoreBounds.Narrow(Journal, Head() with { Scratch = [path] }));

    [Fact]
    public void Times_are_set_of_what_it_changed_and_of_what_is_above()
    {
        DirectoryTime[] times = [new("/srv/app/data/a", default), new("/srv", default), new("/srv/other", default), new("/etc", default)];

        Assert.Equal(times[..2], RestoreBounds.Require(RestoreBounds.Narrow(Journal, Head()), [], times));
    }

    [Fact]
    public void A_target_elsewhere_counts_only_if_a_file_there_says_so()
    {
        var pointer = $"/etc/.passwd.restore_{Stamp}.steps";
        var head = Head() with
        {
            Targets = ["/srv/app/data", "/etc/passwd"],
            Pointers = [pointer, "/etc/shadow"],
            Databases = ["/etc/passwd"],
            Scratch = [$"/etc/.passwd.restore_{Stamp}"],
        };

        var narrowed = RestoreBounds.Narrow(Journal, head);

        Assert.Equal(["/srv/app/data"], narrowed.Targets);
        Assert.Empty(narrowed.Scratch);
        Assert.Empty(narrowed.Databases);
        Assert.Equal([pointer], narrowed.Pointers);
        Assert.Throws<FormatException>(() => RestoreBounds.Require(narrowed, [Step("/etc/passwd")], []));
    }

    [Theory]
    [InlineData("/srv/elsewhere/.data.restore_20261126T020000.000Z.steps", Stamp)]
    [InlineData(Journal, "")]
    [InlineData(Journal, "20261126T020000.001Z")]
    public void A_journal_lies_next_to_its_first_target_and_has_its_time(string journal, string stamp) =>
        Assert.Throws<FormatException>(() => RestoreBounds.Narrow(journal, Head() with { Stamp = stamp }));

    private static RestoreHead Head() => new(Stamp, "snapshot X", ["/srv/app/data"], [], []);

    private static KeepStep Step(string path) => new(Encoding.UTF8.GetBytes(path), "/srv/app/data/b"u8.ToArray(), default(FileIdentity));
}
