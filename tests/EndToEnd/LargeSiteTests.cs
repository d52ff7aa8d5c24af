using System.Globalization;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What the program holds in memory does not grow with the size of the site, and hardly with the number of its files.</summary>
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

    /// <summary>Tables of pieces and the names in one directory once took 68 to 170 MiB here.</summary>
    [Fact]
    public void A_hundred_thousand_files_stay_below_64_MiB()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("""
            perl -e 'for $i (1 .. 100_000) {
                $dir = $i % 2 ? "wide" : "d" . $i % 100;
                mkdir $dir; open($file, ">", sprintf("%s/%06d.json", $dir, $i)) or die; print $file "marker $i"; close $file }'
            """, site.Storage);
        CheckMemory(site, "create", "storage");
        CheckMemory(site, "create", "storage");
        Command.Shell("for i in 1 2 3; do echo new > d0/$i; done", site.Storage);
        CheckMemory(site, "create", "storage");
        CheckMemory(site, "verify", "--deep");
        CheckMemory(site, "restore", "latest", "--to", site.In("one"), "--path", "/storage/wide/000001.json");
        Assert.Equal("marker 1", File.ReadAllText(site.In("one/storage/wide/000001.json")));
        CheckMemory(site, "restore", "latest", "--to", site.In("out"));
        Assert.Equal(50_000, Directory.GetFiles(site.In("out/storage/wide")).Length);
    }

    private static void CheckMemory(Site site, params string[] arguments)
    {
        var result = site.Run(arguments, before: ["perl", "-e", Measure, "--"]).Succeeds();
        var line = result.Errors.Split('\n').Last(text => text.StartsWith("resident ", StringComparison.Ordinal));
        var resident = long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
        Assert.True(resident <= MostMemory, $"{string.Join(' ', arguments)} had {resident >> 10} MiB resident");
    }
}
