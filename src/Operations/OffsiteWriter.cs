using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Keeps two copies of a repository, on a cloned disk or in two directories of one machine, from writing to the same second place: by the
/// writer's identity there, and where that cannot tell them apart, by the first snapshot that is intact there and differs from the one here.
/// </summary>
/// <param name="store">The repository here.</param>
/// <param name="offsite">The second place.</param>
/// <param name="plan">Which machine this is.</param>
/// <param name="clock">For a new identity.</param>
/// <param name="progress">Hears of a place that cannot be told of it.</param>
internal sealed class OffsiteWriter(SnapshotStore store, OffsiteSnapshots offsite, OffsitePlan plan, TimeProvider clock, RunProgress progress)
{
    private (WriterIdentity Here, WriterIdentity Former)? taking;

    private string Place => offsite.Rclone.Place.Remote;

    /// <summary>What to type so that the next push makes the place its own.</summary>
    private string Release =>
        $"rclone {(offsite.Rclone.Place.ConfigFile is { } file ? $"--config {file} " : "")}deletefile {offsite.Rclone.Place.At(Layout.Below.Writer)}";

    private static string OwnPlace => "if this is a copy of that one, give it a repository of its own: an empty directory as backup_dir, and another path as offsite.remote";

    /// <summary>Makes sure that this machine is the one that writes there. A place that nobody wrote to yet, or only earlier versions, becomes this machine's.</summary>
    /// <exception cref="UserError">Another machine is.</exception>
    public void Claim()
    {
        var there = Fetch();
        var saved = WriterIdentity.TryRead(store.Layout);
        var here = Identity(saved, there) with { Directory = Root };
        if (there is null || there.Token == here.Token)
        {
            here = here with { Replaces = null };
        }

        if (here != saved && !plan.DryRun)
        {
            here.Save(store.Layout);
        }

        if (there is not null && !here.Has(there.Token))
        {
            throw UserError.Failed(
                $"{Place} belongs to {Owner(there)}: nothing was copied",
                $"{OwnPlace}; if it has taken the other's place for good: {Release}, and push again");
        }

        taking = here.Replaces is null ? null : (here with { Replaces = null }, there!);
    }

    /// <summary>
    /// Tells the place that this copy goes on in the stead of what wrote there, once it is known that it may. Credentials can forbid that; then it goes on
    /// under the other's name.
    /// </summary>
    public void Announce()
    {
        if (taking is not var (here, former))
        {
            return;
        }

        try
        {
            offsite.Put(Layout.Below.Writer, here.ToBytes());
            here.Save(store.Layout);
        }
        catch (UserError)
        {
            (former with { Directory = Root }).Save(store.Layout);
            progress.Say(
                Severity.Warning,
                $"{offsite.Rclone.Place.At(Layout.Below.Writer)} cannot be replaced, so {Place} does not hear that this repository goes on for another: if the old one comes back, it is not refused");
        }
    }

    /// <summary>
    /// A machine that lost its repository and fetched it again is the same writer, and so is a repository that was moved; each takes the place of
    /// what it was, on a disk that may be away and come back. Without a machine-id nobody knows which is which, and all share one token.
    /// </summary>
    private WriterIdentity Identity(WriterIdentity? saved, WriterIdentity? there)
    {
        var known = saved ?? (there?.Machine == plan.Machine ? there : null);
        var anew = WriterIdentity.New(plan.Machine, plan.Host, clock.GetUtcNow());
        return known is null || known.IsOfOtherMachine(plan.Machine) || IsElsewhere(known) ? anew
            : plan.Machine is not null && (saved is null || (known.Directory is { } directory && directory != Root)) ? anew with { Replaces = there is not null && known.Has(there.Token) ? there.Token : known.Token }
            : known;
    }

    private string Root => RealPath.Of(Path.GetFullPath(store.Layout.Root));

    private string Owner(WriterIdentity there) => !there.IsOfOtherMachine(plan.Machine) && there.Directory == Root
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"another copy of this repository, which was in this directory when it took this one's place on {there.CreatedAt.UtcDateTime:yyyy-MM-dd}")
        : !there.IsOfOtherMachine(plan.Machine) && there.Directory is { } directory
        ? $"another copy of this repository, on this machine in {directory}"
        : $"another machine, which is or was called {there.Host}, and to the same repository";

    /// <summary>Whether the directory that it was made in still has this repository, so that the one here was copied, and not moved.</summary>
    private bool IsElsewhere(WriterIdentity known)
    {
        if (known.Directory is not { } directory || directory == Root)
        {
            return false;
        }

        try
        {
            return Posix.StatusOrNull(directory) is { IsDirectory: true } other && Posix.StatusOrNull(Root) is { } here
                && (other.Device, other.Inode) != (here.Device, here.Inode)
                && Repository.ReadMark(new Layout(directory)).Id == Repository.ReadMark(store.Layout).Id;
        }
        catch (Exception e) when (e is IOException or DamageError)
        {
            return false;
        }
    }

    /// <summary>Compares the headers of snapshots of which something there differs: what is intact there is never replaced.</summary>
    /// <param name="names">Files that would be replaced.</param>
    /// <exception cref="UserError">There is another snapshot under the same ID.</exception>
    public void Compare(IEnumerable<string> names)
    {
        var ids = names.Select(name => SnapshotId.Parse(Path.GetFileName(name).Split('.')[0])).OfType<SnapshotId>().Distinct()
            .Where(id => offsite.There.Size(Layout.Below.Header(id)) is not null).ToList();
        offsite.Fetch.Small([.. ids.Select(Layout.Below.Header)]);
        foreach (var id in ids)
        {
            var differs = offsite.Store.TryRead(id).Whole is not null
                && !SmallFile.Read(offsite.Layout.Header(id)).Span.SequenceEqual(SmallFile.Read(store.Layout.Header(id)).Span);
            AtomicFile.RemoveIfThere(offsite.Layout.Header(id));
            if (differs)
            {
                throw UserError.Failed(
                    $"snapshot {id} in {Place} is intact and is another than the one here: another copy of this repository made it, and nothing was copied", OwnPlace);
            }
        }
    }

    private WriterIdentity? Fetch()
    {
        if (offsite.There.Size(Layout.Below.Writer) is null)
        {
            return null;
        }

        offsite.Fetch.Small([Layout.Below.Writer]);
        return WriterIdentity.TryRead(offsite.Layout) ?? throw UserError.Failed(
            $"{offsite.Rclone.Place.At(Layout.Below.Writer)}, which names what copies there, cannot be read",
            $"if this is the only copy of the repository: {Release}, and push again");
    }
}
