using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class NearestWordTests
{
    private static readonly string[] Known = ["backup_dir", "max_backups", "list", "create", "--json", "--to", "--type"];

    [Theory]
    [InlineData("lst", "list")]
    [InlineData("lsit", "list")]
    [InlineData("List", "list")]
    [InlineData("craete", "create")]
    [InlineData("max_backup", "max_backups")]
    [InlineData("maxbackups", "max_backups")]
    [InlineData("--jsn", "--json")]
    [InlineData("--tpye", "--type")]
    [InlineData("--t", "--to")]
    public void A_slip_is_understood(string written, string meant) => Assert.Equal(meant, NearestWord.Find(written, Known));

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("-x")]
    public void Something_else_is_not_guessed_at(string written) => Assert.Null(NearestWord.Find(written, Known));

    [Fact]
    public void Of_two_the_nearer_one_is_suggested() =>
        Assert.Equal("; did you mean '--keep-daily'?", NearestWord.Suggestion("--keep-daly", ["--keep-weekly", "--keep-daily"]));
}
