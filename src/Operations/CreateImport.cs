using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Makes a snapshot of a backup of the Python system: reads all of it to know that it is whole, unpacks it beneath the
/// repository's staging, and lets a backup store that, under the time at which the old one was made. The old files are
/// only read.
/// </summary>
internal sealed class CreateImport
{
    private readonly CreatePlan template;
    private readonly PythonNames names;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;

    /// <param name="template">How snapshots are stored here.</param>
    /// <param name="names">What sources are called here.</param>
    /// <param name="clock">Whose zone the old times are in.</param>
    /// <param name="progress">Told what happens.</param>
    /// <param name="stop">Ends it early; what was stored so far is found again.</param>
    public CreateImport(CreatePlan template, PythonNames names, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        this.template = template with { Rescan = true, Retention = null, References = [] };
        (this.names, this.clock, this.progress, this.stop) = (names, clock, progress, stop);
    }

    /// <summary>Of a full backup that was found damaged, the half that is to blame.</summary>
    public PythonArchive? DamagedHalf { get; private set; }

    public static bool IsRepository(string directory) => File.Exists(new Layout(directory).Mark);

    /// <summary>The snapshots that were made of such backups for a site, by the backup's name and size: another server's may be called the same.</summary>
    public static Dictionary<(string Name, long Bytes), string> Imported(string backupDirectory, SiteIdentity site) =>
        Imported(IsRepository(backupDirectory) ? new SnapshotStore(Repository.Open(backupDirectory)).ReadAll().Whole : [], site);

    /// <param name="snapshots">All that there are.</param>
    /// <param name="site">For which they were made; null for any.</param>
    public static Dictionary<(string Name, long Bytes), string> Imported(IEnumerable<Snapshot> snapshots, SiteIdentity? site)
    {
        var made = new Dictionary<(string, long), string>();
        foreach (var snapshot in snapshots)
        {
            if (snapshot.Header.Origin is { System: SnapshotOrigin.Python } origin && site?.MayBeImportedForUs(snapshot.Header) != false)
            {
                made.TryAdd((origin.Name, origin.Bytes), snapshot.Header.Id);
            }
        }

        return made;
    }

    /// <summary>How many of these snapshots the next rotation would remove.</summary>
    public static int DoomedBy(RetentionRules rules, string backupDirectory, IReadOnlySet<string> ids, SiteIdentity site, TimeProvider clock) =>
        Retention.Decide(
            RetentionItem.Of(new SnapshotStore(new Layout(backupDirectory)).ReadAll().Whole, site, clock.GetUtcNow()), rules, clock.LocalTimeZone)
            .Count(decision => !decision.Keep && ids.Contains(decision.Item.Id.ToString()));

    /// <summary>Reads all of a backup, and stores nothing.</summary>
    /// <exception cref="DamageError">It is not whole, or of a time to come.</exception>
    /// <exception cref="UserError">It has to be converted first.</exception>
    public IReadOnlyList<PythonFindings> Check(PythonBackup backup)
    {
        if (TimeOf(backup) is var time && time > clock.GetUtcNow())
        {
            throw new DamageError(
                $"is of {time:yyyy-MM-dd HH:mm:ss} UTC, which is still to come: its times were not those of this machine's zone, which the variable TZ tells for one command");
        }

        progress.Expect(backup.Bytes);
        return [.. backup.Archives.Select(archive => CheckHalf(backup, archive))];
    }

    /// <summary>Bytes that are lacking on the repository's disk for unpacking it, and the sentence that says so.</summary>
    public (long Missing, string Sentence) Space(PythonBackup backup, IEnumerable<PythonFindings> found)
    {
        var need = Units.Sum(found.Select(one => one.UnpackedBytes));
        var free = Posix.Space(template.BackupDirectory).Available;
        return (Math.Max(0, need + template.MinFreeBytes - free),
            $"{backup.Name} takes {Units.Size(need)} while it is imported, and {Units.Size(free)} are free in {template.BackupDirectory}, of which {Units.Size(template.MinFreeBytes)} must stay free (min_free_mb)");
    }

    /// <summary>
    /// The snapshot that was made of a backup, looked for under the names that it would have: a share goes on for some time listing a
    /// directory as it was.
    /// </summary>
    public SnapshotId? FindMade(PythonBackup backup)
    {
        var layout = new Layout(template.BackupDirectory);
        for (var id = SnapshotId.At(TimeOf(backup)); AtomicFile.IsTaken(layout.Header(id), anew: true); id = id.Next())
        {
            if (new SnapshotStore(layout).TryRead(id).Whole is { } snapshot && Imported([snapshot], template.Site).ContainsKey((backup.Name, backup.Bytes)))
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>Imports a backup that was checked.</summary>
    /// <param name="held">The right to import.</param>
    /// <param name="backup">Which.</param>
    /// <param name="found">What was found in it.</param>
    /// <exception cref="DamageError">It changed since.</exception>
    /// <exception cref="UserError">It cannot be stored, and why.</exception>
    public SnapshotHeader Run(ImportLock held, PythonBackup backup, IReadOnlyList<PythonFindings> found)
    {
        var layout = Repository.OpenOrCreate(template.BackupDirectory, clock);
        try
        {
            held.Require();
            _ = held.HasScratchUsers() ? [] : ScratchDirectory.RemoveOrphans(layout.Staging);
            var (missing, sentence) = Space(backup, found);
            if (missing > 0)
            {
                throw UserError.Failed($"too little space: {sentence}", "free some space, or import into a repository on another disk with --backup-dir");
            }

            using var scratch = ScratchDirectory.Make(layout.Staging, ScratchKind.Import, clock.GetUtcNow());
            progress.Phase = $"unpacking {backup.Name}";
            var plan = template with
            {
                Type = backup.Type,
                Databases = backup.Database is { } database ? [Copy(database, found[0], scratch.DirectoryPath)] : [],
                Trees = backup.Storage is { } storage ? [Unpack(storage, found[^1], scratch.DirectoryPath)] : [],
                Origin = new CreateOrigin(
                    new SnapshotOrigin(SnapshotOrigin.Python, backup.Name, backup.Bytes, clock.GetUtcNow()) { For = [.. template.Site.Sources.Select(source => source.Path)] },
                    TimeOf(backup),
                    [.. found.SelectMany(one => one.Warnings)]),
            };
            return CreateBackup.Run(plan, clock, progress, stop).Header;
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(template.BackupDirectory, e);
        }
    }

    /// <summary>Of a full backup it is said which half is damaged.</summary>
    private PythonFindings CheckHalf(PythonBackup backup, PythonArchive archive)
    {
        try
        {
            return PythonCheck.Run(archive, progress, stop);
        }
        catch (DamageError e) when (backup.Type == SnapshotType.Full)
        {
            DamagedHalf = archive;
            throw new DamageError($"needs {archive.Name}, which {e.Message}", e);
        }
    }

    private DateTimeOffset TimeOf(PythonBackup backup) => WallClock.ToInstant(backup.LocalTime, clock.LocalTimeZone);

    private DatabaseOptions Copy(PythonArchive archive, PythonFindings found, string scratch)
    {
        var place = names.Of(archive);
        var copy = Path.Combine(scratch, "database");
        PythonDatabase.Copy(archive, found, copy, describe: null, progress, stop);
        var was = PythonDatabase.Describe(archive, place, ListPath.OfFile(place.Name, place.Path));
        return new DatabaseOptions(place.Name, copy, TimeSpan.Zero) { Was = new FormerSource(place.Path, entry => was with { Size = entry.Size }) };
    }

    private TreeOptions Unpack(PythonArchive archive, PythonFindings found, string scratch)
    {
        var place = names.Of(archive);
        var top = Path.Combine(scratch, "storage");
        AtomicFile.EnsureDirectory(top);
        var attributes = new PythonAttributes();
        using (var unpack = new PythonUnpack(top, attributes, (_, _) => true, progress, new RestoreLosses()))
        {
            unpack.Run(archive, found, stop);
        }

        return new TreeOptions(place.Name, top, [], OneFileSystem: false) { Was = new FormerSource(place.Path, attributes.Apply) };
    }
}
