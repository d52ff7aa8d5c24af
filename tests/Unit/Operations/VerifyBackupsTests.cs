using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class VerifyBackupsTests : IDisposable
{
    private const int Files = 40;

    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    /// <summary>As many turns as packs, and one: what is found does not depend on them.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(VerifyBackups.PiecesAtOnce)]
    public void Damage_is_found_in_whichever_turn_its_pack_is_read(long piecesAtOnce)
    {
        for (var i = 0; i < Files; i++)
        {
            site.Write($"{i:D2}", Site.Noise(i, 200_000));
        }

        var snapshot = site.Create();
        var packs = site.Packs();
        Assert.True(packs.Count > 4, "several turns");
        Assert.Empty(Verify(snapshot, piecesAtOnce).Damages);

        foreach (var pack in packs)
        {
            var whole = File.ReadAllBytes(pack);
            var rotten = (byte[])whole.Clone();
            rotten[rotten.Length / 2] ^= 1;
            File.WriteAllBytes(pack, rotten);
            var damage = Assert.Single(Verify(snapshot, piecesAtOnce).Damages);
            Assert.Equal(pack, damage.PackPath);
            Assert.InRange(damage.FileCount, 1, Files - 1);
            File.WriteAllBytes(pack, whole);
        }
    }

    private VerifyReport Verify(Snapshot snapshot, long piecesAtOnce) => VerifyBackups.Run(
        site.Store, [snapshot], [], deep: true, workers: 2, site.Progress, TestContext.Current.CancellationToken, piecesAtOnce);
}
