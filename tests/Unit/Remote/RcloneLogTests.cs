using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Tests.Remote;

/// <summary>What rclone 1.60 says, as it said it.</summary>
public sealed class RcloneLogTests
{
    private readonly List<long> moved = [];
    private readonly RcloneLog log;
    private int alive;

    public RcloneLogTests() => log = new RcloneLog(moved.Add, () => alive++);

    [Fact]
    public void Bytes_are_counted_from_one_line_to_the_next()
    {
        log.Hear(Stats(bytes: 100));
        log.Hear(Stats(bytes: 100));
        log.Hear(Stats(bytes: 350));

        Assert.Equal([100, 250], moved);
    }

    [Fact]
    public void A_line_that_counts_nothing_more_is_no_sign_of_life()
    {
        log.Hear(Stats(bytes: 100));
        log.Hear(Stats(bytes: 100));
        Assert.Equal(1, alive);

        log.Hear(Stats(bytes: 100, checks: 1));
        Assert.Equal(2, alive);
    }

    [Fact]
    public void After_an_error_only_a_finished_file_is_a_sign_of_life()
    {
        log.Hear(Stats(bytes: 100));
        log.Hear(Stats(bytes: 200, errors: 1));
        log.Hear(Stats(bytes: 300, errors: 1, checks: 7));
        Assert.Equal(1, alive);

        log.Hear(Stats(bytes: 300, errors: 1, checks: 7, transfers: 1));
        log.Hear(Stats(bytes: 400, errors: 1, checks: 7, transfers: 1));
        Assert.Equal(3, alive);
    }

    [Fact]
    public void A_retry_that_counts_anew_takes_nothing_back()
    {
        log.Hear(Stats(bytes: 100));
        log.Hear(Stats(bytes: 40));
        log.Hear(Stats(bytes: 60));

        Assert.Equal([100, 20], moved);
    }

    [Fact]
    public void Why_it_ended_counts_more_than_what_it_complained_of_on_the_way()
    {
        log.Hear("""{"level":"error","msg":"Failed to copy: 503","object":"packs/ab","objectType":"*local.Object","source":"x.go:1","time":"2026-11-26T00:31:18.8+00:00"}""");
        Assert.Equal("packs/ab: Failed to copy: 503", log.LastError);

        log.Hear("2026/11/26 00:31:16 Failed to copy with 2 errors: last error was: 503");
        log.Hear("caused by: nothing");
        Assert.Equal("Failed to copy with 2 errors: last error was: 503", log.LastError);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"level":"notice","msg":"Config file not found"}""")]
    [InlineData("""{"level":7,"msg":[]}""")]
    [InlineData("""{"stats":{"bytes":"many","checks":1.5}}""")]
    [InlineData("2026/11/26 00:31:21 NOTICE: Config file not found - using defaults")]
    public void What_is_no_error_is_none(string line)
    {
        log.Hear(line);

        Assert.Null(log.LastError);
        Assert.Empty(moved);
    }

    private static string Stats(long bytes, int checks = 0, int errors = 0, int transfers = 0) =>
        $$"""{"level":"warning","msg":"\nTransferred: …","source":"accounting/stats.go:482","stats":{"bytes":{{bytes}},"checks":{{checks}},"deletes":0,"errors":{{errors}},"eta":null,"renames":0,"transfers":{{transfers}}},"time":"2026-11-26T00:31:18.8+00:00"}""";
}
