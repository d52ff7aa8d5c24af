using System.Globalization;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A site of 300 MB in 5,000 files: what the program holds in memory does not grow with it.</summary>
public sealed class LargeSiteTests
{
    private const long MostMemory = 64 << 10; // in KiB

    /// <summary>Runs a command and tells the kernel's count of the most memory it had resident, in KiB (getrusage is 98, on arm64 165).</summary>
    private const string Measure = """
        my $code = system(@ARGV); my $usage = "\0" x 144;
        syscall(`uname -m` =~ /aarch64/ ? 165 : 98, -1, $usage); print STDERR "resident ", (unpack "q18", $usage)[4], "\n"; exit $code >> 8;
        """;

    [Fact]
    public void Creating_verifying_and_restoring_stay_below_64_MiB()
    {
        using var site = new Site(withMedia: false);
        site.Write("videos/long.mp4", Content.Random(200_000_000, seed: 1));
        site.Write("logs/long.log", Content.Text(50_000_000, seed: 2));
        for (var i = 0; i < 5_000; i++)
        {
            var path = $"portraits/{i % 100}/{i}.fset";
            site.Write(path, Encoding.ASCII.GetBytes($"marker {i}\n"));
        }

        using (var database = site.OpenDatabase())
        {
            database.Execute("INSERT INTO account WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000) "
                + "SELECT 1000 + i, 1000, randomblob(280) FROM n");
        }

        CheckMemory(site, "create");
        CheckMemory(site, "create");
        CheckMemory(site, "create", "--rescan");
        CheckMemory(site, "show", "latest", "--files");
        CheckMemory(site, "verify", "--deep");
        CheckMemory(site, "restore", "latest", "--to", site.In("out"));
        Tree.AssertSame(site.Storage, site.In("out/storage"), Likeness.Restored);
        TestDatabase.CheckCopy(site.In("out/app_data/app_data.db"));
    }

    private static void CheckMemory(Site site, params string[] arguments)
    {
        var result = site.Run(arguments, before: ["perl", "-e", Measure, "--"]).Succeeds();
        var line = result.Errors.Split('\n').Last(text => text.StartsWith("resident ", StringComparison.Ordinal));
        var resident = long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        Assert.True(resident <= MostMemory, $"{string.Join(' ', arguments)} had {resident >> 10} MiB resident");
    }
}
