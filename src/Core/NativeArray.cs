using System.Runtime.InteropServices;

namespace VertexAr.Backup.Core;

/// <summary>
/// An array outside of the collected heap, all zeros at first. For tables that live long and grow: in the heap each copy is
/// garbage until the collector looks at its oldest generation, and what survives makes it put off looking at all.
/// </summary>
internal sealed unsafe class NativeArray<T>
    where T : unmanaged
{
    /// <summary>From this many bytes on the kernel is asked directly: libc keeps much of what a growing table gave back.</summary>
    private const int OwnMapping = 64 * 1024;

    private readonly int length;
    private T* items;

    /// <exception cref="OutOfMemoryException">There is no memory.</exception>
    public NativeArray(int length)
    {
        this.length = length;
        items = (T*)(IsMapped ? ThisProcess.MapMemory(Bytes) : NativeMemory.AllocZeroed(Bytes));
    }

    ~NativeArray() => Free();

    /// <summary>The items; none once they are freed.</summary>
    public Span<T> Items => new(items, items == null ? 0 : length);

    private nuint Bytes => (nuint)length * (nuint)sizeof(T);

    private bool IsMapped => Bytes >= OwnMapping;

    /// <summary>Gives the memory back now instead of when nobody refers to this any more.</summary>
    public void Free()
    {
        if (IsMapped && items != null)
        {
            ThisProcess.UnmapMemory(items, Bytes);
        }
        else
        {
            NativeMemory.Free(items);
        }

        items = null;
    }
}
