using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// What of the repository here is to be in the second place. Only what is whole here goes there: a snapshot of which something
/// is missing or damaged is left out, with the reason.
/// </summary>
internal sealed class OffsiteHere
{
    private readonly SnapshotStore store;
    private readonly Func<string, long?> there;
    private readonly Dictionary<Digest, PackInfo> packs = [];
    private readonly Dictionary<Digest, string> badPacks = [];
    private readonly HashSet<Digest> checkedPacks = [];
    private readonly Dictionary<SnapshotId, string> badSnapshots = [];

    /// <param name="store">The repository here.</param>
    /// <param name="snapshots">The snapshots that are to be there.</param>
    /// <param name="there">The size of a file there; null if there is none.</param>
    public OffsiteHere(SnapshotStore store, IReadOnlyList<Snapshot> snapshots, Func<string, long?> there)
    {
        (this.store, this.there, Snapshots) = (store, there, snapshots);
        foreach (var snapshot in snapshots)
        {
            Read(snapshot, there(Layout.Below.FileList(snapshot.Id)) == snapshot.Header.Files.Bytes);
        }
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<Snapshot> Snapshots { get; private set; }

    /// <summary>Snapshots that cannot be copied, with what is wrong.</summary>
    public IReadOnlyDictionary<SnapshotId, string> Bad => badSnapshots;

    /// <summary>Which copy of the repository writes there is said once; <see cref="OffsiteWriter"/> sees to it that it is this one.</summary>
    public IEnumerable<CopyItem> Top() =>
        [Item(Layout.Below.Mark), Item(Layout.Below.Recovery), .. there(Layout.Below.Writer) is null ? [Item(Layout.Below.Writer)] : Array.Empty<CopyItem>()];

    /// <summary>Packs that are here as they should be, as far as is known.</summary>
    public IEnumerable<CopyItem> Packs() =>
        packs.Values.Where(pack => !badPacks.ContainsKey(pack.Sha256)).Select(pack => new CopyItem(Layout.Below.Pack(pack.Sha256), pack.Bytes));

    public IEnumerable<CopyItem> Lists() => Snapshots.SelectMany(snapshot => new[]
    {
        new CopyItem(Layout.Below.FileList(snapshot.Id), snapshot.Header.Files.Bytes),
        new CopyItem(Layout.Below.PackTable(snapshot.Id), snapshot.Header.Packs.Bytes),
    });

    public IEnumerable<CopyItem> Headers() => Snapshots.Select(snapshot => Item(Layout.Below.Header(snapshot.Id)));

    /// <summary>Reads packs before they are sent: what rotted here must not be what is left.</summary>
    /// <returns>Those that are whole.</returns>
    public IReadOnlyList<CopyItem> CheckPacks(IReadOnlyList<CopyItem> items, CancellationToken stop)
    {
        var sound = new List<CopyItem>(items.Count);
        foreach (var item in items)
        {
            var pack = packs[NameOf(item)];
            if (!checkedPacks.Contains(pack.Sha256) && PackFile.Trouble(store.Layout, pack, _ => { }, stop) is { } trouble)
            {
                badPacks[pack.Sha256] = trouble;
            }

            if (!badPacks.ContainsKey(pack.Sha256))
            {
                checkedPacks.Add(pack.Sha256);
                sound.Add(item);
            }
        }

        return sound;
    }

    /// <summary>Leaves out the snapshots that need a pack which is neither whole here nor there.</summary>
    public void LeaveOutBroken(Func<string, long?> there)
    {
        var missing = badPacks.Where(bad => there(Layout.Below.Pack(bad.Key)) != packs[bad.Key].Bytes).Select(bad => bad.Key).ToHashSet();
        foreach (var snapshot in missing.Count == 0 ? [] : Snapshots.Where(snapshot => !badSnapshots.ContainsKey(snapshot.Id)))
        {
            if (Table(snapshot)?.Find(pack => missing.Contains(pack.Sha256)) is { Bytes: > 0 } pack)
            {
                badSnapshots[snapshot.Id] = $"needs pack {pack.Sha256}, which {badPacks[pack.Sha256]}";
            }
        }

        Snapshots = [.. Snapshots.Where(snapshot => !badSnapshots.ContainsKey(snapshot.Id))];
    }

    private static Digest NameOf(CopyItem item)
    {
        var name = Path.GetFileName(item.Name)[..^Layout.PackSuffix.Length];
        return Digest.TryParse(name, out var pack) ? pack : throw new ArgumentException(item.Name, nameof(item));
    }

    /// <summary>A list that is sent is read before; one that is there need not be, each night.</summary>
    private void Read(Snapshot snapshot, bool isThere)
    {
        try
        {
            if (isThere)
            {
                store.CheckFileListSize(snapshot);
            }
            else
            {
                store.OpenFileList(snapshot).Dispose();
            }
        }
        catch (DamageError e)
        {
            badSnapshots[snapshot.Id] = e.Message;
            return;
        }

        foreach (var pack in Table(snapshot) ?? [])
        {
            if (packs.TryAdd(pack.Sha256, pack) && Posix.StatusOrNull(store.Layout.Pack(pack.Sha256))?.Size is var size && size != pack.Bytes)
            {
                badPacks[pack.Sha256] = size is null ? "is missing" : $"has {size} bytes and was written with {pack.Bytes}";
            }
        }
    }

    private List<PackInfo>? Table(Snapshot snapshot)
    {
        try
        {
            return store.ReadPackTable(snapshot);
        }
        catch (DamageError e)
        {
            badSnapshots[snapshot.Id] = e.Message;
            return null;
        }
    }

    private CopyItem Item(string name) => new(name, Posix.StatusOrNull(Path.Combine(store.Layout.Root, name))?.Size ?? 0);
}
