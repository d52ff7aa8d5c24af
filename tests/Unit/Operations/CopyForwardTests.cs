using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What is left of a pack that is mostly waste moves on, so that the pack can go.</summary>
public sealed class CopyForwardTests : IDisposable
{
    private readonly Site site = new();

    public CopyForwardTests()
    {
        for (var i = 0; i < 10; i++)
        {
            site.Write($"{i}", Site.Noise(i, 50_000));
        }
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_pack_of_which_little_is_used_is_left_behind()
    {
        var plan = site.Plan with { Workers = 1, Retention = new RetentionRules(1), AcceptShrink = true };
        site.Create(plan);
        var old = Assert.Single(site.Packs());
        Delete(6);
        site.Create(plan);
        Assert.Equal([old], site.Packs());
        var third = site.Create(plan);
        Assert.Equal(4 * 50_000, third.Header.NewBytes);
        Assert.DoesNotContain(old, site.Packs());
        Assert.Single(site.Packs());
        site.AssertHolds(third);
        Assert.Equal(0, site.Create(plan).Header.NewBytes);
    }

    [Fact]
    public void A_pack_of_which_half_is_used_is_kept()
    {
        var plan = site.Plan with { Workers = 1, Retention = new RetentionRules(1) };
        site.Create(plan);
        Delete(5);
        site.Create(plan);
        Assert.Equal(0, site.Create(plan).Header.NewBytes);
    }

    [Fact]
    public void A_pack_that_is_gone_is_replaced_from_the_source()
    {
        var first = site.Create();
        Assert.All(site.Packs(), File.Delete);
        var second = site.Create();
        Assert.Equal(first.Header.Bytes, second.Header.NewBytes);
        site.AssertHolds(second);
        Assert.Contains(site.Notices, n => n.Text.Contains("is missing", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pack_of_another_size_is_not_built_upon()
    {
        site.Create();
        Assert.All(site.Packs(), pack => File.AppendAllText(pack, "x"));
        site.AssertHolds(site.Create());
    }

    [Fact]
    public void A_damaged_pack_table_means_everything_is_stored_anew()
    {
        var first = site.Create();
        Storage.TestRepository.Damage(site.Layout.PackTable(first.Id));
        Assert.All(site.Packs(), File.Delete);
        site.AssertHolds(site.Create());
    }

    private void Delete(int count)
    {
        for (var i = 0; i < count; i++)
        {
            File.Delete(site.Temp[$"tree/{i}"]);
        }
    }
}
