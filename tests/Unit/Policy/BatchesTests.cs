using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class BatchesTests
{
    [Fact]
    public void All_are_in_one_batch_or_another_in_their_order()
    {
        var items = Enumerable.Range(0, 1000).Select(i => (long)i).ToList();

        var batches = Batches.Of(items, i => i << 20).ToList();

        Assert.Equal(items, batches.SelectMany(batch => batch));
        Assert.All(batches, batch => Assert.InRange(batch.Count, 1, 64));
        Assert.All(batches.Where(batch => batch.Count > 1), batch => Assert.InRange(batch.Sum(), 0, 1024));
    }

    [Fact]
    public void What_is_larger_than_a_batch_is_one_by_itself() =>
        Assert.Equal([1, 1], Batches.Of([5L << 30, 5L << 30], i => i).Select(batch => batch.Count));

    [Fact]
    public void Of_nothing_there_is_none() => Assert.Empty(Batches.Of(Array.Empty<long>(), i => i));
}
