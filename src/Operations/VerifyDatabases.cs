using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Puts each stored database together in a scratch file and lets SQLite check it; the same content is checked once.</summary>
internal sealed class VerifyDatabases(SnapshotStore store, Dictionary<SnapshotId, List<PackInfo>> tables, CancellationToken stop)
{
    private readonly HashSet<Digest> seen = [];

    public void Run(IEnumerable<Snapshot> snapshots, Action<Snapshot, string, string> report)
    {
        foreach (var snapshot in snapshots)
        {
            var names = snapshot.Header.Sources.Where(s => s.Kind == SourceKind.Database && s.State != SourceState.Damaged).Select(s => s.Name + "/").ToList();
            if (names.Count > 0)
            {
                Check(snapshot, names, report);
            }
        }
    }

    private void Check(Snapshot snapshot, List<string> names, Action<Snapshot, string, string> report)
    {
        try
        {
            using var list = store.OpenFileList(snapshot);
            using var fetcher = new PieceFetcher(store.Layout, tables[snapshot.Id], check: false);

            // Databases come first in every list.
            while (list.Read() is { } entry && Encoding.UTF8.GetString(entry.Path) is var path && names.Exists(n => path.StartsWith(n, StringComparison.Ordinal)))
            {
                stop.ThrowIfCancellationRequested();
                if (seen.Add(Identity(entry)) && Check(entry, fetcher) is { } reason)
                {
                    report(snapshot, path, reason);
                }
            }
        }
        catch (DamageError)
        {
            // The pieces or the list are damaged, and reported as such.
        }
    }

    private static Digest Identity(FileEntry entry)
    {
        var all = new byte[entry.Pieces.Length * Digest.Size];
        for (var i = 0; i < entry.Pieces.Length; i++)
        {
            entry.Pieces[i].Sha256.CopyTo(all.AsSpan(i * Digest.Size));
        }

        return Digest.Of(all);
    }

    /// <summary>What is wrong with a database; null if its pages and indexes are intact.</summary>
    private string? Check(FileEntry entry, PieceFetcher fetcher)
    {
        var scratch = Path.Combine(ScratchDirectory(), $"{ScratchFiles.Prefix}{Environment.ProcessId}.db");
        try
        {
            using (var file = AtomicFile.Create(scratch, 0x180))
            {
                var at = 0L;
                foreach (var piece in entry.Pieces)
                {
                    stop.ThrowIfCancellationRequested();
                    fetcher.Fetch(piece, bytes =>
                    {
                        Posix.WriteAt(file, bytes.Span, at);
                        at += bytes.Length;
                    });
                }
            }

            var check = SqliteChecker.Run(scratch, stop);
            return check.Health == SqliteHealth.Damaged ? $"fails SQLite's integrity check: {check.Detail}" : null;
        }
        finally
        {
            AtomicFile.RemoveIfThere(scratch);
        }
    }

    /// <summary>Beside the packs where that may be written to, else where temporary files go.</summary>
    private string ScratchDirectory()
    {
        try
        {
            var probe = Path.Combine(store.Layout.Staging, $"{ScratchFiles.Prefix}{Environment.ProcessId}.probe");
            AtomicFile.Create(probe).Dispose();
            AtomicFile.RemoveIfThere(probe);
            return store.Layout.Staging;
        }
        catch (PosixError)
        {
            return Path.GetTempPath();
        }
    }
}
