using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The packs a run knows, each under a handle: those of earlier snapshots and those it writes itself. A handle becomes a line
/// of the new snapshot's pack table when the first file that uses it is listed. Handles may be asked for by any thread;
/// lines are given out by the one that writes the list.
/// </summary>
internal sealed class PackRegistry
{
    /// <summary>A pack of which less than this part is still used is left behind: what is used of it is stored anew.</summary>
    private const double WorthKeeping = 0.5;

    private readonly Lock changing = new();
    private readonly List<Known> packs = [];
    private readonly Dictionary<Digest, int> byName = [];
    private readonly List<int> lines = [];

    /// <summary>Bytes of the packs that this run wrote.</summary>
    public long WrittenBytes { get; private set; }

    /// <summary>How many packs this run has finished.</summary>
    public int FinishedCount { get; private set; }

    /// <summary>The handle of a pack that exists.</summary>
    public int Add(PackInfo pack)
    {
        lock (changing)
        {
            if (!byName.TryGetValue(pack.Sha256, out var handle))
            {
                handle = packs.Count;
                packs.Add(new Known(pack));
                byName.Add(pack.Sha256, handle);
            }

            return handle;
        }
    }

    /// <summary>A handle for a pack that is about to be written.</summary>
    public int Begin()
    {
        lock (changing)
        {
            packs.Add(new Known(null));
            return packs.Count - 1;
        }
    }

    public void Finish(int handle, PackInfo pack)
    {
        lock (changing)
        {
            packs[handle].Pack = pack;
            packs[handle].IsOurs = true;
            WrittenBytes += pack.Bytes;
            FinishedCount++;
        }
    }

    /// <summary>Whether so little of a pack is still used that the rest is waste.</summary>
    public static bool IsWasteful(PackInfo pack) => pack.UsedBytes < pack.ContentBytes * WorthKeeping;

    /// <summary>The table line for a pack, given out at its first use, and the use counted.</summary>
    public int UseInList(int handle, long bytes)
    {
        lock (changing)
        {
            var pack = packs[handle];
            if (pack.Line < 0)
            {
                pack.Line = lines.Count;
                lines.Add(handle);
            }

            pack.UsedBytes += bytes;
            return pack.Line;
        }
    }

    /// <summary>The pack table as far as its packs are finished; null stands for one that is still being written.</summary>
    public List<PackInfo?> Table()
    {
        lock (changing)
        {
            return lines.ConvertAll(handle => packs[handle] is { Pack: { } pack } known
                ? pack with { UsedBytes = Math.Min(known.UsedBytes, pack.ContentBytes) }
                : null);
        }
    }

    /// <summary>The packs this run wrote, listed or not.</summary>
    public List<Digest> Written()
    {
        lock (changing)
        {
            return [.. packs.Where(p => p.IsOurs).Select(p => p.Pack!.Sha256)];
        }
    }

    private sealed class Known(PackInfo? pack)
    {
        public PackInfo? Pack { get; set; } = pack;

        public bool IsOurs { get; set; }

        public int Line { get; set; } = -1;

        public long UsedBytes { get; set; }
    }
}
