using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Remote;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// The repository in the second place: what is listed of it, and what was fetched of it into a scratch repository here, where
/// the ordinary code reads and checks it. Nothing fetched is believed before that.
/// </summary>
internal sealed class OffsiteSnapshots
{
    private readonly OffsiteFetch fetch;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly TrustedKeys? keys;
    private readonly Layout here;

    /// <param name="rclone">Speaks to it.</param>
    /// <param name="scratch">A directory for what is fetched.</param>
    /// <param name="clock">What is dated later is never the newest.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="keys">Whose signatures count; null to believe all.</param>
    /// <param name="here">The repository here, which remembers what was there; it need not exist.</param>
    public OffsiteSnapshots(Rclone rclone, string scratch, TimeProvider clock, RunProgress progress, TrustedKeys? keys = null, Layout? here = null)
    {
        (this.clock, this.progress, this.keys, this.here) = (clock, progress, keys, here ?? new Layout(scratch));
        Rclone = rclone;
        Layout = new Layout(Path.Combine(scratch, "copy"));
        fetch = new OffsiteFetch(rclone, Layout.Root, progress);
        progress.Phase = "listing there";
        AtomicFile.EnsureDirectory(Layout.Root);
        AtomicFile.EnsureDirectory(Layout.Snapshots);
        AtomicFile.EnsureDirectory(Layout.Packs);
        There = rclone.List();
    }

    public Rclone Rclone { get; }

    /// <summary>What is there; brought up to date by whoever changes it.</summary>
    public RemoteListing There { get; }

    /// <summary>The scratch repository.</summary>
    public Layout Layout { get; }

    public SnapshotStore Store => new(Layout, Rclone.Place.Remote, Manifest?.Trust);

    /// <summary>The signed list there; null where no key is known, and before <see cref="RequireMark"/>.</summary>
    public OffsiteManifest? Manifest { get; private set; }

    public OffsiteFetch Fetch => fetch;

    /// <summary>Whether there is a repository.</summary>
    public bool IsMarked => There.Size(Layout.Below.Mark) is not null;

    /// <summary>Snapshots whose headers are there, oldest first.</summary>
    public IReadOnlyList<SnapshotId> Ids()
    {
        const string suffix = ".json";
        var folder = Layout.Below.Snapshots + "/";
        return
        [
            .. There.Files.Keys.Where(name => name.StartsWith(folder, StringComparison.Ordinal) && name.EndsWith(suffix, StringComparison.Ordinal))
                .Select(name => SnapshotId.Parse(name[folder.Length..^suffix.Length])).OfType<SnapshotId>().Order(),
        ];
    }

    /// <summary>Fetches the mark, and refuses what is no repository, or one of a version that is not known.</summary>
    /// <exception cref="UserError">There is none (exit code 10), or it is damaged.</exception>
    public RepositoryMark RequireMark()
    {
        if (!IsMarked)
        {
            RefuseWrongPassword();
            throw new UserError(
                ExitCode.NoRepository, $"{Rclone.Place.Remote} holds no backups", "'vertex-ar-backup offsite push' copies them there; is the path right?");
        }

        fetch.Small([Layout.Below.Mark, .. keys is not null && There.Size(Layout.Below.Manifest) is not null ? [Layout.Below.Manifest] : Array.Empty<string>()]);
        _ = Repository.Open(Layout.Root);
        var mark = Repository.ReadMark(Layout);
        Manifest ??= keys is null ? null : new OffsiteManifest(keys, Rclone.Place.Remote, Layout, here, mark.Id);
        return mark;
    }

    /// <summary>What somebody changed there that has no key; and remembers what is there now.</summary>
    public List<Damage> LookForTampering()
    {
        var found = Manifest?.Look(Ids()) ?? [];
        Manifest?.Remember();
        return found;
    }

    /// <summary>With a wrong password crypt shows an empty place, and would fill it once more.</summary>
    public void RefuseWrongPassword()
    {
        if (There.Files.Count == 0 && Rclone.HasUnreadableNames())
        {
            throw UserError.Failed(
                $"{Rclone.Place.Remote} holds names that its password does not decrypt", "set the password of the crypt remote to the one that was used before");
        }
    }

    /// <summary>Fetches headers. Those that do not prove themselves are fetched once more.</summary>
    public (List<Snapshot> Whole, List<DamagedSnapshot> Damaged) FetchHeaders(IEnumerable<SnapshotId> ids)
    {
        progress.Phase = "fetching headers";
        fetch.Small([.. ids.Select(Layout.Below.Header)]);
        var (_, damaged) = Store.ReadAll();
        if (damaged.Count > 0)
        {
            fetch.Small([.. damaged.Select(bad => Layout.Below.Header(bad.Id))]);
        }

        return Store.ReadAll();
    }

    /// <summary>The snapshot that the user means, by its ID, the beginning of one, or <c>latest</c>. Fetches no more headers than that takes.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="type">With <c>latest</c>, of which type; null for any.</param>
    /// <exception cref="UserError">None or several fit, or it is damaged.</exception>
    public Snapshot Find(string text, SnapshotType? type = null)
    {
        _ = RequireMark();
        _ = FetchHeaders(Ids().Where(id => text == SnapshotStore.Latest || id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase)));
        return Store.Find(text, clock.GetUtcNow(), type, passedOver => passedOver.ForEach(bad => progress.Say(
            Severity.Warning, $"snapshot {bad.Id} is newer, but {bad.Word} there: its header {bad.Reason}")));
    }

    /// <summary>Why a snapshot must not be brought here: it would stand before all that are to come. Null if it may.</summary>
    public string? Refusal(SnapshotId id)
    {
        var now = clock.GetUtcNow();
        return FutureId.Is(id, now)
            ? $"it is dated in the future (the clock of this machine says {now.UtcDateTime:yyyy-MM-dd HH:mm} UTC): if the clock is wrong, set it; "
                + $"otherwise the snapshot was made by a wrong one or put there by somebody. To look at it all the same, copy the repository: rclone copy {Rclone.Place.Remote} DIR; "
                + $"vertex-ar-backup restore {id} --backup-dir DIR --to ANOTHER"
            : null;
    }

    /// <summary>Fetches a snapshot's file list, its pack table, or both, and says what is wrong with them; null if nothing is.</summary>
    public string? FetchParts(Snapshot snapshot, bool list = true, bool table = true)
    {
        List<string> names = [];
        if (table)
        {
            names.Add(Layout.Below.PackTable(snapshot.Id));
        }

        if (list)
        {
            names.Add(Layout.Below.FileList(snapshot.Id));
        }

        fetch.Small(names);
        if (Trouble(snapshot, list, table) is null)
        {
            return null;
        }

        fetch.Small(names);
        return Trouble(snapshot, list, table);
    }

    /// <summary>Removes what was fetched of a snapshot beside its header.</summary>
    public void DropParts(Snapshot snapshot)
    {
        AtomicFile.RemoveIfThere(Layout.FileList(snapshot.Id));
        AtomicFile.RemoveIfThere(Layout.PackTable(snapshot.Id));
    }

    /// <summary>Puts a small file at the top there, in the place of what is there.</summary>
    /// <exception cref="UserError">It cannot be replaced: credentials may forbid that.</exception>
    public void Put(string name, byte[] content)
    {
        var path = Path.Combine(Layout.Root, name);
        AtomicFile.Write(path + ".tmp", path, content);
        try
        {
            CopyItem[] item = [new CopyItem(name, content.Length)];
            var upload = new OffsiteUpload(Rclone, Layout.Root, SnapshotId.At(clock.GetUtcNow()), new RunProgress(_ => { }));
            upload.Send("", There.Size(name) is null ? new CopyPlan(item, []) : new CopyPlan([], item));
            upload.Clean();
        }
        catch (UserError)
        {
            // Nobody is to take it for what is there.
            AtomicFile.RemoveIfThere(path);
            throw;
        }
    }

    private string? Trouble(Snapshot snapshot, bool list, bool table)
    {
        try
        {
            if (table)
            {
                _ = Store.ReadPackTable(snapshot);
            }

            if (list)
            {
                Store.OpenFileList(snapshot).Dispose();
            }

            return null;
        }
        catch (DamageError e)
        {
            return e.Message;
        }
    }
}
