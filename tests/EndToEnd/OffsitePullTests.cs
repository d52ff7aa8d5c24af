namespace VertexAr.Backup.EndToEnd;

/// <summary>What is brought back from a second place into a repository that has some of it already, damaged or not.</summary>
public sealed class OffsitePullTests : IDisposable
{
    private readonly Site site = new(withMedia: false);
    private readonly SecondPlace place;

    public OffsitePullTests()
    {
        place = new SecondPlace(site);
        site.Write("one", Content.Random(300_000, seed: 1));
        site.Create("storage");
        site.Write("two", Content.Random(300_000, seed: 2));
        site.Create("storage");
    }

    public void Dispose() => site.Dispose();

    /// <summary>Whose header was taken away, as verify advises, and whose pack has the right size.</summary>
    [Fact]
    public void A_damaged_pack_is_not_believed_for_its_size_but_replaced()
    {
        var pack = PackOf(site.Snapshots()[0]);
        Damage.FlipByte(pack, 150_000);
        site.Run("verify", "--deep").Ends(1);
        Command.Shell("rm snapshots/*", site.Backups);

        site.Run("offsite", "pull").Succeeds().Prints("2 snapshots, 1 pack").Says($"{pack}: is damaged here");

        site.Run("verify", "--deep").Succeeds();
        Assert.Equal(2, site.Packs().Count);
    }

    [Theory]
    [InlineData("rm '{}'")]
    [InlineData("truncate -s -1 '{}'")]
    [InlineData("printf x | dd of='{}' bs=1 seek=150000 conv=notrunc status=none")]
    public void Packs_that_snapshots_here_lack_are_brought(string damage)
    {
        var older = site.Snapshots()[0];
        foreach (var wanted in new string[][] { [], [older.Id] })
        {
            Command.Shell(damage.Replace("{}", PackOf(older), StringComparison.Ordinal));
            site.Run("verify", "--deep").Ends(1);

            site.Run(["offsite", "pull", .. wanted]).Succeeds().Prints("0 snapshots, 1 pack");

            site.Run("verify", "--deep").Succeeds();
            site.Run(["offsite", "pull", .. wanted]).Succeeds().Prints("has everything already");
            Assert.Equal("", site.Run("create", "storage").Succeeds().Errors);
        }
    }

    [Fact]
    public void What_one_snapshot_lacks_is_not_brought_for_another()
    {
        var (older, newer) = (site.Snapshots()[0], site.Snapshots()[1]);
        File.Delete(PackOf(newer));
        site.Run("offsite", "pull", older.Id).Succeeds().Prints("has everything already");
        site.Run("offsite", "pull", newer.Id).Succeeds().Prints("1 pack");
    }

    [Fact]
    public void What_cannot_be_mended_is_named()
    {
        var (older, newer) = (site.Snapshots()[0], site.Snapshots()[1]);
        var pack = Path.GetRelativePath(site.Backups, PackOf(newer));
        File.Delete(Path.Combine(site.Backups, pack));
        File.Delete(place.In(pack));
        Damage.FlipByte(older.HeaderPath, 100);

        var pulled = site.Run("offsite", "pull").Ends(1).Says($"snapshot {newer.Id} could not be brought here: it needs 1 pack that cannot be had: ", $"snapshot {older.Id} could not be brought here: it is here already");

        // What is said to be done for it mends it.
        var names = System.Text.RegularExpressions.Regex.Match(pulled.Errors, @"move (\S+) away").Groups[1].Value;
        Command.Shell($"mkdir away; mv {names} away", site.Root);
        site.Run("offsite", "pull").Ends(1).Prints("1 snapshot");
        Assert.Equal(2, site.Snapshots().Count);
    }

    /// <summary>The first pack that a snapshot has of its own.</summary>
    private string PackOf(Snapshot snapshot)
    {
        var before = site.Snapshots().TakeWhile(one => one.Id != snapshot.Id).SelectMany(Names).ToHashSet();
        return site.Packs().Single(path => Names(snapshot).Except(before).Contains(Path.GetFileName(path)[..64]));

        static IEnumerable<string> Names(Snapshot one) => Command.Run("sh", "-c", $"gzip -dc '{one.PackTablePath}'").Succeeds().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string)System.Text.Json.Nodes.JsonNode.Parse(line)!["sha256"]!);
    }
}
