using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class NativeSetTests
{
    private readonly NativeSet<Pair> set = new();

    [Fact]
    public void Finds_every_item_of_very_many_and_no_other()
    {
        for (ulong i = 1; i <= 50_000; i++)
        {
            set.Add(new Pair(i, i * 3));
        }

        Assert.Equal(50_000, set.Count);
        for (ulong i = 1; i <= 50_000; i++)
        {
            Assert.Equal(i * 3, set.Find(new Pair(i, 0)).Value);
        }

        Assert.False(set.Find(new Pair(50_001, 0)).IsUsed);
        set.Free();
    }

    [Fact]
    public void The_first_of_two_that_are_the_same_stays()
    {
        set.Add(new Pair(1, 10));
        set.Add(new Pair(1, 20));
        Assert.Equal(1, set.Count);
        Assert.Equal(10UL, set.Find(new Pair(1, 0)).Value);
    }

    [Fact]
    public void Items_of_one_hash_are_told_apart()
    {
        for (ulong i = 1; i <= 500; i++)
        {
            set.Add(new Pair(i << 32, i));
        }

        Assert.All(Enumerable.Range(1, 500), i => Assert.Equal((ulong)i, set.Find(new Pair((ulong)i << 32, 0)).Value));
    }

    [Fact]
    public void Gathers_what_was_added()
    {
        for (ulong i = 1; i <= 1000; i++)
        {
            set.Add(new Pair(i, i));
        }

        var all = set.Gather().ToArray();
        Assert.Equal(Enumerable.Range(1, 1000).Select(i => (ulong)i), all.Select(p => p.Key).Order());
        Assert.Equal(all[999], set.Slots[999]);
    }

    [Fact]
    public void At_most_a_third_of_a_large_set_is_empty()
    {
        for (ulong i = 1; i <= 5000; i++)
        {
            set.Add(new Pair(i, i));
            Assert.True(i < 100 || i >= (ulong)set.Slots.Length * 2 / 3, $"{i} of {set.Slots.Length}");
        }
    }

    private readonly record struct Pair(ulong Key, ulong Value) : INativeSlot<Pair>
    {
        public bool IsUsed => Key != 0;

        public ulong Hash => (uint)Key * 0x9E3779B97F4A7C15;

        public bool IsSameAs(in Pair other) => Key == other.Key;
    }
}
