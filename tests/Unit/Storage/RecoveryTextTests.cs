using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Tests.Operations;

namespace VertexAr.Backup.Tests.Storage;

/// <summary>RECOVERY.txt, followed to the letter with the tools of the system.</summary>
public sealed class RecoveryTextTests : IDisposable
{
    private readonly Site site = new();

    public RecoveryTextTests() => Assert.SkipUnless(File.Exists("/usr/bin/jq"), "jq is not installed");

    private string Tree => site.Temp["tree"];

    private string Recovered => site.Temp["out/files/tree"];

    public void Dispose() => site.Dispose();

    [Fact]
    public void Everything_comes_back()
    {
        site.Sql("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
        site.Write("large", Site.Noise(1, 3_500_000));
        site.Write("empty", []);
        foreach (var name in new[] { "-dash", "a b  c ", "new\nline", "end\n", "back\\slash", "quo\"te'", "~1", "%s", "Ёж", "d/dup", "d/dup 2", "e/f/g" })
        {
            site.Write(name, "small"u8);
        }

        for (byte b = 0x80; b < 0x90; b++)
        {
            using var odd = Posix.CreateNew(Posix.Here, [.. Posix.Bytes(Tree), (byte)'/', b, (byte)'\n'], 0x180);
            Posix.Write(odd, [b]);
        }

        using (var sparse = File.Create(Path.Combine(Tree, "sparse")))
        {
            sparse.SetLength(10 << 20);
            sparse.Position = 5 << 20;
            sparse.Write("middle"u8);
        }

        File.CreateSymbolicLink(Path.Combine(Tree, "link"), "-n\nx\n");
        Sh($"cd '{Tree}' && ln -- -dash hard && chmod 500 d && chmod 604 e/f/g && touch -d @5.123456789 e/f/g && touch -d @7 d && touch -h -d @8 link");

        var (exit, output) = Recover(site.Create(site.Plan with { Type = SnapshotType.Full }));
        Assert.Equal((0, $"done: {site.Temp["out"]}/files\n"), (exit, output));
        Assert.Equal("", Sh($"diff -r --no-dereference '{Tree}' '{Recovered}'"));
        Assert.Equal(Listing(Tree), Listing(Recovered));
        Assert.Equal(File.ReadAllBytes(site.Database).Length, File.ReadAllBytes(site.Temp["out/files/app/app.db"]).Length);
        Assert.True(Posix.StatusOrNull(Path.Combine(Recovered, "sparse"))!.Value.MayHaveHoles);
    }

    [Fact]
    public void Damage_is_named_and_the_rest_comes_back()
    {
        site.Write("a.jpg", Site.Noise(1, 50_000));
        site.Write("b.txt", "plain"u8);
        var snapshot = site.Create();
        TestRepository.Damage(site.Packs().MaxBy(p => new FileInfo(p).Length)!);
        var (exit, output) = Recover(snapshot);
        Assert.Equal(1, exit);
        Assert.Contains($"NOT WHOLE: {site.Temp["out"]}/trouble lists", output, StringComparison.Ordinal);
        Assert.Contains("DAMAGED: packs/", output, StringComparison.Ordinal);
        Assert.Contains("INCOMPLETE: " + Path.Combine(Recovered, "a.jpg"), output, StringComparison.Ordinal);
        Assert.Equal("plain", File.ReadAllText(Path.Combine(Recovered, "b.txt")));
    }

    [Fact]
    public void A_snapshot_that_is_not_there_is_not_called_recovered()
    {
        var snapshot = site.Create();
        File.Delete(site.Layout.Header(snapshot.Id));
        Assert.Equal((1, $"there is no snapshots/{snapshot.Id}.json here\n"), Recover(snapshot));
        Assert.False(Directory.Exists(site.Temp["out"]));
    }

    [Fact]
    public void A_snapshot_without_content_comes_back()
    {
        site.Write("d/empty", []);
        var (exit, output) = Recover(site.Create());
        Assert.Equal((0, $"done: {site.Temp["out"]}/files\n"), (exit, output));
        Assert.True(File.Exists(Path.Combine(Recovered, "d/empty")));
    }

    private (int Exit, string Output) Recover(Snapshot snapshot)
    {
        const string mark = "-----8<-----";
        var text = File.ReadAllText(site.Layout.Recovery);
        var begin = text.IndexOf('\n', text.IndexOf(mark, StringComparison.Ordinal)) + 1;
        var script = site.Temp.Write("recover.sh", Encoding.UTF8.GetBytes(text[begin..text.LastIndexOf(mark, StringComparison.Ordinal)]));
        return Tools.Run("sh", "-c", $"cd '{site.Layout.Root}' && sh '{script}' {snapshot.Id} '{site.Temp["out"]}'");
    }

    private static string Listing(string tree) => Sh($"cd '{tree}' && find . -printf '%P %y %m %T@ %l\\0' | sort -z | base64");

    private static string Sh(string command) => Tools.Run("sh", "-c", command).Output;
}
