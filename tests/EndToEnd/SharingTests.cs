using System.IO.Compression;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What is stored once, what is compressed, and how little a change adds.</summary>
public sealed class SharingTests
{
    private const int Large = 2_000_000;

    [Fact]
    public void Equal_content_is_stored_once_across_paths()
    {
        using var site = new Site(withMedia: false);
        for (var i = 0; i < 5; i++)
        {
            site.Write($"copies/{i}.mp4", Content.Random(Large, seed: 1));
            site.Write($"small/{i}.jpg", Content.Random(50_000, seed: 2));
        }

        site.Create("storage");
        Assert.InRange(site.PackBytes(), Large + 50_000, Large + 120_000);
    }

    [Fact]
    public void A_file_that_only_moved_adds_nothing()
    {
        using var site = new Site();
        site.Create("storage");
        var before = site.PackBytes();
        File.Move(site.InStorage("videos/clip.mp4"), site.InStorage("previews/moved.mp4"));
        var snapshot = site.Create("storage");
        Assert.Equal(before, site.PackBytes());
        Assert.Equal(Content.Sha256(Content.Random(3_000_000, seed: 100)), (string?)snapshot.Files()["storage/previews/moved.mp4"]["sha256"]);
    }

    [Fact]
    public void One_per_cent_of_changed_database_pages_adds_about_one_per_cent()
    {
        using var site = new Site();
        using var database = site.OpenDatabase();
        database.Execute("INSERT INTO account WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
            + "SELECT 1000 + i, 1000, randomblob(280) FROM n");
        database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        site.Create("database");
        var first = site.PackBytes();

        // A run of neighbours that fills one page of a hundred.
        database.Execute("UPDATE account SET note = randomblob(280) WHERE id BETWEEN 50000 AND 51000");
        site.Create("database");
        var added = site.PackBytes() - first;
        Assert.InRange(added, 1, first * 2 / 100);
        TestDatabase.CheckCopy(Path.Combine(site.Newest().Recover(), "app_data/app_data.db"));
    }

    [Fact]
    public void Text_is_compressed_and_media_is_stored_as_it_is()
    {
        using var site = new Site(withMedia: false);
        site.Write("log.jpg", Content.Text(Large, seed: 1));
        site.Write("photo.txt", Content.Random(Large, seed: 2));
        site.Create("storage");
        var stored = Large + (Large / 4);
        Assert.InRange(site.PackBytes(), Large, stored);

        // Media must be readable where it lies: stored bytes appear in the pack as they are.
        var sample = Content.Random(Large, seed: 2).AsSpan(1_000_000, 2000).ToArray();
        Assert.Contains(site.Packs(), pack => File.ReadAllBytes(pack).AsSpan().IndexOf(sample) >= 0);
    }

    [Fact]
    public void Compression_none_stores_text_as_it_is()
    {
        using var site = new Site(withMedia: false);
        site.Settings["compression"] = "none";
        site.Write("log.txt", Content.Text(Large, seed: 1));
        site.Create("storage");
        Assert.InRange(site.PackBytes(), Large, Large * 2);
    }

    [Fact]
    public void Packs_are_named_by_their_checksum_hold_no_more_than_configured_and_open_with_tar()
    {
        using var site = new Site(withMedia: false);
        site.Settings["pack_size_mb"] = 1;
        for (var i = 0; i < 8; i++)
        {
            site.Write($"videos/{i}.mp4", Content.Random(400_000, seed: i));
        }

        site.Write("videos/long.mp4", Content.Random(3_500_000, seed: 50));
        site.Create("storage");
        Assert.InRange(site.Packs().Count, 7, 12);
        foreach (var pack in site.Packs())
        {
            Assert.Equal(Path.GetFileName(pack), $"{Content.Sha256(File.ReadAllBytes(pack))}.tar.gz");
            Assert.InRange(Unpacked(pack), 1, (1 << 20) + 20_000);
            Command.Run("tar", "tzf", pack).Succeeds().Prints("storage/videos/");
        }

        Tree.AssertSame(site.Storage, Path.Combine(site.Newest().Recover(), "storage"), Likeness.Recovered);
    }

    private static long Unpacked(string pack)
    {
        using var file = new GZipStream(File.OpenRead(pack), CompressionMode.Decompress);
        var buffer = new byte[64 * 1024];
        var total = 0L;
        for (int n; (n = file.Read(buffer)) > 0;)
        {
            total += n;
        }

        return total;
    }
}
