using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PackRegistryTests
{
    private readonly PackRegistry packs = new();

    [Fact]
    public void A_pack_of_two_snapshots_has_one_handle()
    {
        Assert.Equal(packs.Add(Pack("a")), packs.Add(Pack("a")));
        Assert.NotEqual(packs.Add(Pack("a")), packs.Add(Pack("b")));
    }

    [Fact]
    public void Lines_are_given_out_in_the_order_of_use_and_only_to_packs_that_are_used()
    {
        var (a, b, c) = (packs.Add(Pack("a")), packs.Add(Pack("b")), packs.Add(Pack("c")));
        Assert.Equal([0, 1, 0], [packs.UseInList(c, 1), packs.UseInList(a, 1), packs.UseInList(c, 1)]);
        Assert.Equal([Pack("c").Sha256, Pack("a").Sha256], packs.Table().Select(p => p!.Sha256));
        Assert.Equal(2, packs.UseInList(b, 1));
    }

    [Fact]
    public void The_table_says_how_much_of_a_pack_is_used_now_whatever_it_was_before()
    {
        var handle = packs.Add(Pack("a") with { UsedBytes = 77 });
        packs.UseInList(handle, 10);
        packs.UseInList(handle, 20);
        Assert.Equal(30, packs.Table()[0]!.UsedBytes);
        packs.UseInList(handle, 1000);
        Assert.Equal(100, packs.Table()[0]!.UsedBytes);
    }

    [Fact]
    public void A_pack_that_is_being_written_has_a_line_but_is_not_there_yet()
    {
        var handle = packs.Begin();
        Assert.Equal(0, packs.UseInList(handle, 10));
        Assert.Null(Assert.Single(packs.Table()));
        Assert.Empty(packs.Written());
        packs.Finish(handle, Pack("a"));
        Assert.Equal(Pack("a").Sha256, packs.Table()[0]!.Sha256);
        Assert.Equal([Pack("a").Sha256], packs.Written());
        Assert.Equal((100L, 1), (packs.WrittenBytes, packs.FinishedCount));
    }

    [Theory]
    [InlineData(100, 50, false)]
    [InlineData(100, 49, true)]
    [InlineData(100, 0, true)]
    [InlineData(0, 0, false)]
    public void A_pack_is_wasteful_when_less_than_half_of_it_is_used(long content, long used, bool wasteful) =>
        Assert.Equal(wasteful, PackRegistry.IsWasteful(Pack("a") with { ContentBytes = content, UsedBytes = used }));

    private static PackInfo Pack(string name) => new(Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)), 100, 1, 100, 0);
}
