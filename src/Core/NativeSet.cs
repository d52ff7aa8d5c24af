namespace VertexAr.Backup.Core;

/// <summary>What a <see cref="NativeSet{T}"/> holds; all zeros stand for an empty slot.</summary>
internal interface INativeSlot<T>
{
    bool IsUsed { get; }

    /// <summary>Evenly spread over its range: the set does not mix it.</summary>
    ulong Hash { get; }

    bool IsSameAs(in T other);
}

/// <summary>
/// A set outside of the collected heap, with open addressing. It grows by a quarter when nine tenths are used: a search then
/// passes some dozens of slots that lie side by side, and never more than a third of the memory is empty.
/// </summary>
internal sealed class NativeSet<T>
    where T : unmanaged, INativeSlot<T>
{
    private NativeArray<T> slots = new(16);

    public int Count { get; private set; }

    /// <summary>The item that is the same as this one; an empty slot if there is none.</summary>
    public T Find(in T item) => slots.Items[Seek(slots.Items, item)];

    /// <summary>Adds an item unless the same is there.</summary>
    public void Add(in T item)
    {
        if (Count >= slots.Items.Length / 10 * 9)
        {
            Grow();
        }

        ref var slot = ref slots.Items[Seek(slots.Items, item)];
        if (!slot.IsUsed)
        {
            slot = item;
            Count++;
        }
    }

    /// <summary>The slots, used or not.</summary>
    public Span<T> Slots => slots.Items;

    /// <summary>All items, to be sorted or gone through: from now on they are the first slots, and nothing can be found or added.</summary>
    public Span<T> Gather()
    {
        var items = slots.Items;
        var used = 0;
        foreach (ref readonly var slot in items)
        {
            if (slot.IsUsed)
            {
                items[used++] = slot;
            }
        }

        return items[..used];
    }

    public void Free() => slots.Free();

    private void Grow()
    {
        var old = slots;
        slots = new NativeArray<T>(old.Items.Length + (old.Items.Length / 4));
        foreach (ref readonly var slot in old.Items)
        {
            if (slot.IsUsed)
            {
                slots.Items[Seek(slots.Items, slot)] = slot;
            }
        }

        old.Free();
    }

    /// <summary>Where the item is, or where it would go.</summary>
    private static int Seek(ReadOnlySpan<T> slots, in T item)
    {
        // The high bits of a product spread a hash over any number of slots.
        var i = (int)Math.BigMul(item.Hash, (ulong)slots.Length, out _);
        while (slots[i].IsUsed && !slots[i].IsSameAs(item))
        {
            i = i + 1 == slots.Length ? 0 : i + 1;
        }

        return i;
    }
}
