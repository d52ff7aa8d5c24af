using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a check of the second place looked at and found.</summary>
internal sealed record OffsiteReport
{
    public required int Snapshots { get; init; }

    public required int Packs { get; init; }

    /// <summary>Of all packs.</summary>
    public required long Bytes { get; init; }

    /// <summary>Packs that were fetched and read.</summary>
    public required int ReadPacks { get; init; }

    /// <summary>Packs of which the server told a checksum that could be compared.</summary>
    public required int ComparedPacks { get; init; }

    public required IReadOnlyList<Damage> Damages { get; init; }
}

/// <summary>
/// Looks whether the snapshots in the second place can be restored: everything is there by name and size; headers, lists and
/// tables are fetched and proven; packs are compared by the server's own checksums where it has such, and some or all of them
/// are fetched and read. Changes nothing there.
/// </summary>
internal sealed class OffsiteVerify
{
    private readonly OffsiteSnapshots offsite;
    private readonly Layout here;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly List<Damage> damages = [];
    private readonly List<string> damagedNames = [];
    private readonly List<string> soundNames = [];
    private readonly Dictionary<Digest, PackInfo> packs = [];
    private readonly HashSet<Digest> badPacks = [];
    private readonly Dictionary<Digest, SortedSet<string>> users = [];

    private OffsiteVerify(OffsiteSnapshots offsite, Layout here, TimeProvider clock, RunProgress progress, CancellationToken stop) =>
        (this.offsite, this.here, this.clock, this.progress, this.stop) = (offsite, here, clock, progress, stop);

    /// <param name="offsite">The second place.</param>
    /// <param name="here">The repository here, whose packs help to compare and where is remembered what is damaged there; it need not exist.</param>
    /// <param name="id">One snapshot, or <c>latest</c>; null for all.</param>
    /// <param name="percent">How many of the packs to fetch and read: 0 for none, 100 for all.</param>
    /// <param name="clock">For waiting out a deletion here.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="stop">Ends it early.</param>
    public static OffsiteReport Run(
        OffsiteSnapshots offsite, Layout here, string? id, int percent, TimeProvider clock, RunProgress progress, CancellationToken stop) =>
        new OffsiteVerify(offsite, here, clock, progress, stop).Run(id, percent);

    private OffsiteReport Run(string? id, int percent)
    {
        _ = offsite.RequireMark();
        var (whole, damaged) = id is null ? offsite.FetchHeaders(offsite.Ids()) : ([offsite.Find(id)], []);
        damaged.ForEach(bad => Report($"header of snapshot {bad.Id}", bad.Reason, Layout.Below.Header(bad.Id), bad.Id));
        damages.AddRange(offsite.LookForTampering());
        whole.ForEach(CheckSnapshot);
        CheckSizes();
        var compared = CompareChecksums();
        var read = ReadPacks(percent);
        NameSnapshots(whole);
        Remember();
        return new OffsiteReport
        {
            Snapshots = whole.Count + damaged.Count,
            Packs = packs.Count,
            Bytes = Units.Sum(packs.Values.Select(pack => pack.Bytes)),
            ReadPacks = read,
            ComparedPacks = compared,
            Damages = damages,
        };
    }

    private void CheckSnapshot(Snapshot snapshot)
    {
        stop.ThrowIfCancellationRequested();
        progress.Phase = $"lists of {snapshot.Id}";
        soundNames.Add(Layout.Below.Header(snapshot.Id));
        if (offsite.FetchParts(snapshot, list: false) is { } table)
        {
            Report($"snapshot {snapshot.Id}", table, Layout.Below.PackTable(snapshot.Id), snapshot.Id);
        }
        else
        {
            soundNames.Add(Layout.Below.PackTable(snapshot.Id));
            offsite.Store.ReadPackTable(snapshot).ForEach(pack => packs[pack.Sha256] = pack);
        }

        if (offsite.FetchParts(snapshot, table: false) is { } list)
        {
            Report($"snapshot {snapshot.Id}", list, Layout.Below.FileList(snapshot.Id), snapshot.Id);
        }
        else
        {
            soundNames.Add(Layout.Below.FileList(snapshot.Id));
        }

        // A list may be large; the table is small, and read once more when damage is named.
        AtomicFile.RemoveIfThere(offsite.Layout.FileList(snapshot.Id));
    }

    private void CheckSizes()
    {
        foreach (var pack in packs.Values)
        {
            var size = offsite.There.Size(Layout.Below.Pack(pack.Sha256));
            if (size != pack.Bytes)
            {
                ReportPack(pack.Sha256, size is null ? "is missing there" : $"has {size} bytes there and was written with {pack.Bytes}");
            }
        }
    }

    /// <summary>By the checksums that the server tells without that anything travels. An MD5 says something only where the pack is here, too.</summary>
    private int CompareChecksums()
    {
        var features = offsite.Rclone.Features();
        var kind = features.HasSha256 ? "sha256" : features.HasMd5 && Directory.Exists(here.Packs) ? "md5" : null;
        if (kind is null || packs.Count == 0)
        {
            return 0;
        }

        progress.Phase = "comparing checksums";
        var compared = 0;
        var listing = offsite.Rclone.List(Layout.Below.Packs, kind);
        using var guard = kind == "md5" ? ReaderGuard.ForReading(here, clock, "offsite verify") : null;
        foreach (var pack in packs.Keys.Where(pack => !badPacks.Contains(pack)))
        {
            stop.ThrowIfCancellationRequested();
            var file = listing.Files.GetValueOrDefault(Layout.Below.Pack(pack));
            var (told, expected) = kind == "sha256"
                ? (file?.Sha256, pack.ToString())
                : (file?.Md5, file?.Md5 is null ? null : PackFile.Md5(here, pack, stop));
            if (told is not null && expected is not null)
            {
                compared++;
                if (!told.Equals(expected, StringComparison.OrdinalIgnoreCase))
                {
                    ReportPack(pack, $"has another checksum there ({kind})");
                }
            }
        }

        return compared;
    }

    private int ReadPacks(int percent)
    {
        var candidates = packs.Values.Where(pack => !badPacks.Contains(pack.Sha256)).ToArray();
#pragma warning disable CA5394 // A sample, of which nobody gains by foreseeing it.
        Random.Shared.Shuffle(candidates);
#pragma warning restore CA5394
        var chosen = candidates[..(int)Math.Min(candidates.Length, ((long)candidates.Length * percent + 99) / 100)];
        if (chosen.Length == 0)
        {
            return 0;
        }

        progress.Phase = "reading packs";
        progress.Expect(progress.BytesDone + Units.Sum(chosen.Select(pack => pack.Bytes)));
        foreach (var (pack, reason) in offsite.Fetch.Packs(chosen, Drop, stop))
        {
            ReportPack(pack, reason);
        }

        return chosen.Length;
    }

    private void Drop(PackInfo pack)
    {
        soundNames.Add(Layout.Below.Pack(pack.Sha256));
        AtomicFile.RemoveIfThere(offsite.Layout.Pack(pack.Sha256));
    }

    private void Report(string thing, string reason, string name, SnapshotId snapshot)
    {
        var damage = new Damage(thing, reason);
        damage.Snapshots.Add(snapshot.ToString());
        damages.Add(damage);
        damagedNames.Add(name);
    }

    private void ReportPack(Digest pack, string reason)
    {
        badPacks.Add(pack);
        var damage = new Damage($"pack {pack}", reason) { PackPath = Layout.Below.Pack(pack) };
        users[pack] = damage.Snapshots;
        damages.Add(damage);
        damagedNames.Add(Layout.Below.Pack(pack));
    }

    /// <summary>Goes through the tables once more to name which snapshots a damaged pack takes with it.</summary>
    private void NameSnapshots(List<Snapshot> whole)
    {
        foreach (var snapshot in users.Count == 0 ? [] : whole.Where(snapshot => File.Exists(offsite.Layout.PackTable(snapshot.Id))))
        {
            foreach (var pack in offsite.Store.ReadPackTable(snapshot))
            {
                if (users.TryGetValue(pack.Sha256, out var snapshots))
                {
                    snapshots.Add(snapshot.Id.ToString());
                }
            }
        }
    }

    /// <summary>For the next copy, which replaces what is still whole here.</summary>
    private void Remember()
    {
        if (File.Exists(here.Mark))
        {
            OffsiteDamage.Write(here, [.. OffsiteDamage.Read(here).Except(soundNames).Union(damagedNames)]);
        }
    }
}
