using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Reads a backup of the Python system from its first byte to its last before anything is done with it: the checksum in its
/// metadata, gzip's own, the order of the archive and every path in it, SQLite's check of a database.
/// </summary>
internal sealed class PythonCheck
{
    private const int ShownWarnings = 100;

    private readonly PythonArchive archive;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly TarTree tree = new();
    private readonly List<PathWarning> warnings = [];
    private long files;
    private long directories;
    private long symlinks;
    private long bytes;

    private PythonCheck(PythonArchive archive, RunProgress progress, CancellationToken stop) =>
        (this.archive, this.progress, this.stop) = (archive, progress, stop);

    /// <exception cref="DamageError">It is not whole; a clause.</exception>
    /// <exception cref="UserError">It has to be converted first.</exception>
    public static PythonFindings Run(PythonArchive archive, RunProgress progress, CancellationToken stop)
    {
        if (archive.Problem is { } problem)
        {
            throw new DamageError(problem);
        }

        progress.Phase = $"checking {archive.Name}";
        return new PythonCheck(archive, progress, stop).Run();
    }

    private PythonFindings Run()
    {
        using var content = new PythonContent(archive, n =>
        {
            stop.ThrowIfCancellationRequested();
            progress.AddBytes(n);
        });
        DamageError? fault = null;
        var place = "";
        try
        {
            if (archive.Kind == SourceKind.Storage)
            {
                ReadArchive(content);
            }
        }
        catch (DamageError e)
        {
            (fault, place) = (e, content.Current);
        }

        var sha256 = content.Finish();
        if (archive.Checksum is { } checksum && checksum != sha256)
        {
            throw new DamageError($"is damaged: its SHA-256 is {sha256} and should be {checksum}; {PythonDamage.Suspects(archive, content.Parts, fault is null ? null : place)}", fault);
        }

        if (fault is not null)
        {
            var where = archive.IsSplit && archive.Checksum is null ? $", from {Path.GetFileName(place)} on" : "";
            throw new DamageError(fault.Message + where + (archive.Checksum is null ? "" : "; it has its checksum, so it was written like that"), fault);
        }

        if (archive.Kind == SourceKind.Database)
        {
            CheckDatabase(content.Parts[0].Bytes);
        }

        return new PythonFindings(sha256, files, directories, symlinks, bytes, tree.Top, warnings);
    }

    private void ReadArchive(PythonContent content)
    {
        using var stream = PythonCompression.Open(archive, content);
        var entries = new TarEntries(stream);
        while (entries.Next() is { } entry)
        {
            tree.Add(entry);
            switch (entry.Type)
            {
                case EntryType.Directory:
                    directories++;
                    break;
                case EntryType.Symlink:
                    symlinks++;
                    break;
                case null:
                    Warn(entry);
                    break;
                default:
                    files++;
                    bytes = Units.Add(bytes, entry.Size);
                    break;
            }
        }

        tree.RequireTree();
    }

    private void Warn(TarEntry entry)
    {
        if (warnings.Count < ShownWarnings)
        {
            warnings.Add(new PathWarning(Encoding.UTF8.GetString(entry.Path), $"is a {entry.SpecialName}, and left out"));
        }
    }

    private void CheckDatabase(long size)
    {
        var path = archive.Files[0];
        (files, bytes) = (1, size);
        if (archive.Checksum is null && archive.Metadata?.FileSize is { } told && told != size)
        {
            throw new DamageError($"has {size} bytes, and its metadata says {told}");
        }

        using (var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true))
        {
            if (size > 0 && !SqliteFile.IsDatabase(file))
            {
                throw new DamageError("is no SQLite database");
            }
        }

        progress.Phase = $"checking {Path.GetFileName(path)}";
        var check = SqliteChecker.Run(path, stop, isOwn: false);
        if (check.Health == SqliteHealth.Damaged)
        {
            throw new DamageError($"fails SQLite's integrity check: {check.Detail}");
        }

        if (check.Warning is { } warning)
        {
            warnings.Add(new PathWarning(Path.GetFileName(path), warning));
        }

        if (Posix.StatusOrNull(path + SqliteCompanions.Log) is { Size: > 0 })
        {
            warnings.Add(new PathWarning(Path.GetFileName(path), "has a write-ahead log beside it, which is no part of the backup"));
        }
    }
}
