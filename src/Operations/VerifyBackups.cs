using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Looks whether snapshots can be restored, and names what stands in the way. The quick way looks at headers, pack tables and
/// the sizes of everything; the deep way reads every byte and checks the databases too. Changes nothing.
/// </summary>
internal sealed class VerifyBackups
{
    /// <summary>Pieces that are held in memory together: some 25 MB.</summary>
    public const long PiecesAtOnce = 400_000;

    /// <summary>For each turn all lists are read again, so of very many files more are held.</summary>
    private const int MostTurns = 8;

    private readonly SnapshotStore store;
    private readonly bool deep;
    private readonly long piecesAtOnce;
    private readonly int workers;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly List<Damage> damages = [];
    private readonly Dictionary<Digest, PackInfo> packs = [];
    private readonly Dictionary<SnapshotId, List<PackInfo>> tables = [];
    private readonly Dictionary<Digest, Damage> packDamages = [];

    private VerifyBackups(SnapshotStore store, bool deep, long piecesAtOnce, int workers, RunProgress progress, CancellationToken stop)
    {
        this.store = store;
        this.deep = deep;
        this.piecesAtOnce = piecesAtOnce;
        this.workers = workers;
        this.progress = progress;
        this.stop = stop;
    }

    /// <param name="store">The repository.</param>
    /// <param name="snapshots">Those to look at.</param>
    /// <param name="damaged">Those whose headers are not whole.</param>
    /// <param name="deep">Read everything.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="stop">Ends the check early.</param>
    /// <param name="piecesAtOnce">So many are held in memory, unless that would take too many turns.</param>
    public static VerifyReport Run(
        SnapshotStore store,
        List<Snapshot> snapshots,
        List<DamagedSnapshot> damaged,
        bool deep,
        int workers,
        RunProgress progress,
        CancellationToken stop,
        long piecesAtOnce = PiecesAtOnce)
    {
        var verify = new VerifyBackups(store, deep, piecesAtOnce, workers, progress, stop);
        damaged.ForEach(d => verify.Report($"header of snapshot {d.Id}", d.Reason, d.Id));
        snapshots.ForEach(verify.CheckLists);
        if (deep)
        {
            verify.CheckContent(snapshots);
        }
        else
        {
            verify.CheckPackSizes();
            verify.NameFiles(snapshots, new HashSet<PieceKey>());
        }

        return new VerifyReport(snapshots.Count, verify.packs.Count, Units.Sum(verify.packs.Values.Select(p => p.Bytes)), deep, verify.damages)
        {
            IntactPacks = [.. verify.packs.Keys.Where(pack => !verify.packDamages.ContainsKey(pack))],
        };
    }

    private Damage Report(string thing, string reason, SnapshotId? snapshot = null)
    {
        var damage = new Damage(thing, reason);
        damages.Add(damage);
        if (snapshot is { } id)
        {
            damage.Snapshots.Add(id.ToString());
        }

        return damage;
    }

    private void CheckLists(Snapshot snapshot)
    {
        stop.ThrowIfCancellationRequested();
        try
        {
            store.CheckFileListSize(snapshot);
            var table = store.ReadPackTable(snapshot);
            tables[snapshot.Id] = table;
            table.ForEach(pack => packs[pack.Sha256] = pack);
        }
        catch (DamageError e)
        {
            Report($"snapshot {snapshot.Id}", e.Message, snapshot.Id);
        }
    }

    private void CheckPackSizes()
    {
        foreach (var pack in packs.Values)
        {
            stop.ThrowIfCancellationRequested();
            var size = Posix.StatusOrNull(store.Layout.Pack(pack.Sha256))?.Size;
            if (size != pack.Bytes)
            {
                ReportPack(pack.Sha256, size is null ? "is missing" : $"has {size} bytes and was written with {pack.Bytes}");
            }
        }
    }

    private void ReportPack(Digest pack, string reason)
    {
        var damage = new Damage($"pack {pack}", reason) { Pack = pack, PackPath = store.Layout.Pack(pack) };
        damages.Add(damage);
        packDamages[pack] = damage;
    }

    private void CheckContent(List<Snapshot> snapshots)
    {
        var all = packs.Values.ToList();
        var numbers = new Dictionary<Digest, int>();
        all.ForEach(pack => numbers.Add(pack.Sha256, numbers.Count));
        progress.Expect(Units.Sum(all.Select(p => p.Bytes)));
        var check = new VerifyPacks(store.Layout, progress, stop);
        // Of a list that has no packs there is something to say, too.
        var done = 0;
        do
        {
            done = CheckTurn(snapshots, check, all, numbers, done);
        }
        while (done < all.Count);

        foreach (var (pack, reason) in check.DamagedPacks)
        {
            ReportPack(pack, reason);
        }

        foreach (var pack in check.DamagedPieces.Select(p => p.Pack).Distinct().Where(p => !packDamages.ContainsKey(p)))
        {
            ReportPack(pack, "does not hold what a file list says");
        }

        NameFiles(snapshots, check.DamagedPieces);
        progress.Phase = "checking databases";
        new VerifyDatabases(store, tables, stop).Run(snapshots.Where(s => tables.ContainsKey(s.Id)), (snapshot, path, reason) =>
            Report($"database {path} of snapshot {snapshot.Id}", reason, snapshot.Id));
    }

    /// <summary>Reads the pieces of as many packs as there is room for; returns the next pack.</summary>
    private int CheckTurn(List<Snapshot> snapshots, VerifyPacks check, List<PackInfo> all, Dictionary<Digest, int> numbers, int first)
    {
        progress.Phase = "reading lists";
        var most = Math.Max(piecesAtOnce, snapshots.Select(s => s.Header.Files.Lines).DefaultIfEmpty().Max() / MostTurns);
        var pieces = new VerifyPieces(first, all.Count, most);
        var wrong = new DamageError?[snapshots.Count];
        Parallel.For(0, snapshots.Count, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = stop }, i =>
            wrong[i] = Each(snapshots[i], (_, piece, pack) =>
            {
                lock (pieces)
                {
                    pieces.Add(numbers[pack], piece);
                }
            }));
        for (var i = 0; i < wrong.Length; i++)
        {
            if (first == 0 && wrong[i] is { } damage)
            {
                Report($"snapshot {snapshots[i].Id}", damage.Message, snapshots[i].Id);
            }
        }

        progress.Phase = "reading packs";
        check.Run(all, first, pieces, workers);
        return pieces.End;
    }

    /// <summary>Goes through the lists once more to name what a damaged pack takes with it. Where pieces were read, only those that failed count.</summary>
    private void NameFiles(List<Snapshot> snapshots, IReadOnlySet<PieceKey> damagedPieces)
    {
        if (packDamages.Count == 0)
        {
            return;
        }

        foreach (var snapshot in snapshots.Where(s => tables.TryGetValue(s.Id, out var table) && table.Exists(p => packDamages.ContainsKey(p.Sha256))))
        {
            FileEntry? last = null;
            _ = Each(snapshot, (entry, piece, pack) =>
            {
                if (entry != last && packDamages.TryGetValue(pack, out var damage) && (!deep || damagedPieces.Contains(PieceKey.Of(pack, piece))))
                {
                    last = entry;
                    damage.Snapshots.Add(snapshot.Id.ToString());
                    damage.FileCount++;
                    if (damage.Files.Count < Damage.Named)
                    {
                        damage.Files.Add(Encoding.UTF8.GetString(entry.Path));
                    }
                }
            });
        }
    }

    /// <summary>Calls for each piece of each file of a snapshot, and returns what is wrong with its list; null if nothing is.</summary>
    private DamageError? Each(Snapshot snapshot, Action<FileEntry, Piece, Digest> take)
    {
        if (!tables.TryGetValue(snapshot.Id, out var table))
        {
            return null;
        }

        try
        {
            using var list = store.OpenFileList(snapshot);
            while (list.Read() is { } entry)
            {
                stop.ThrowIfCancellationRequested();
                foreach (var piece in entry.Pieces.Where(p => !p.IsHole))
                {
                    if (piece.Pack >= table.Count)
                    {
                        throw new DamageError("has a file list that names packs its pack table does not have");
                    }

                    take(entry, piece, table[piece.Pack].Sha256);
                }
            }

            return null;
        }
        catch (DamageError e)
        {
            return e;
        }
    }
}
