using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Plans the steps that put restored sources in place; looks, and changes nothing that anybody could see. A tree in which nothing has to stay
/// changes places in one rename. Where something has to, the directories above it stay too, and their entries change places
/// one by one: the old ones into a tree of the same form, which so holds nothing but what was replaced.
/// </summary>
internal sealed class RestorePlanner(NamedPlaces places, string stamp)
{
    private const string HoldsForeign = "a directory that holds what has to stay";

    private readonly DirectoryLook tree = new(places);
    private readonly List<RestoreStep> swaps = [];
    private readonly List<RestoreStep> keeps = [];
    private readonly List<RestoreStep> ends = [];
    private readonly List<string> kept = [];
    private readonly HashSet<string> made = [];
    private readonly List<DirectoryTime> touched = [];
    private readonly List<PathWarning> notInPlace = [];

    /// <summary>All steps: first everything changes places, then what was there gets the names it is kept under.</summary>
    public IReadOnlyList<RestoreStep> Steps => [.. swaps, .. keeps, .. ends];

    /// <summary>Where what is there now will be.</summary>
    public IReadOnlyList<string> Kept => kept;

    /// <summary>What stays though the snapshot has something else there, or nothing, and where what it has will be.</summary>
    public IReadOnlyList<PathWarning> NotInPlace => notInPlace;

    /// <summary>Directories in which only some entries change, with the times that they have.</summary>
    public IReadOnlyList<DirectoryTime> Touched => touched;

    /// <summary>A single file; a database has no log any more that belongs to it.</summary>
    /// <param name="path">Its place.</param>
    /// <param name="fresh">The restored one.</param>
    /// <param name="companions">Files beside the old one that must not be replayed into the new one.</param>
    /// <param name="probe">What can be done there.</param>
    public void ReplaceFile(byte[] path, byte[] fresh, IEnumerable<string> companions, IRestoreProbe probe)
    {
        var aside = RestoreNames.Kept(path, stamp);
        foreach (var end in companions.Select(Posix.Bytes))
        {
            if (places.StatusOrNull([.. path, .. end]) is { } companion)
            {
                swaps.Add(new KeepStep([.. path, .. end], [.. aside, .. end], FileIdentity.Of(companion)));
                kept.AddRange(places.StatusOrNull(path) is null ? [BytePath.Text([.. aside, .. end])] : []);
            }
        }

        Detach(path);
        if (places.StatusOrNull(path) is { } live)
        {
            kept.Add(BytePath.Text(aside));
            if (live.IsRegular && TreeSurvey.IsMounted(live, places.StatusOrNull(BytePath.Above(path)) ?? live))
            {
                swaps.Add(new OverwriteStep(path, FileIdentity.Of(live), fresh, aside, probe.Copying));
                return;
            }

            RequireMovable(probe, path, live);
        }

        Replace(path, fresh, aside, probe);
    }

    /// <summary>A whole tree.</summary>
    /// <param name="survey">What in it has to stay.</param>
    /// <param name="regions">By the path below the top; the top itself is the empty one.</param>
    /// <param name="isMount">The top is a mount of its own, and stays.</param>
    public void ReplaceTree(TreeSurvey survey, IReadOnlyDictionary<string, RestoreRegion> regions, bool isMount)
    {
        var top = regions[""];
        var live = places.StatusOrNull(top.Live);
        if (live is null || (!isMount && !survey.HasBoundary && (!live.Value.IsDirectory || top.Probe.CanMove(top.Live, staysBeside: true))))
        {
            Replace(top.Live, top.Fresh!, top.Kept, top.Probe);
            if (live is not null)
            {
                kept.Add(BytePath.Text(top.Kept));
            }

            return;
        }

        var inside = new RestoreInside(survey, regions, top, []);
        ReplaceEntries(inside, top.Live, top.Fresh, top.Kept);
        kept.AddRange(regions.Values.Where(region => made.Contains(BytePath.Key(region.Kept))).Select(region => BytePath.Text(region.Kept)));
    }

    /// <summary>
    /// Only some files of a tree: everything else stays. A single one that is replaced is kept next to the new one; several are kept
    /// together, in a directory of the tree's form.
    /// </summary>
    public void MergeTree(TreeSurvey survey, IReadOnlyDictionary<string, RestoreRegion> regions)
    {
        var top = regions[""];
        if (places.StatusOrNull(top.Live) is null)
        {
            Replace(top.Live, top.Fresh!, top.Kept, top.Probe);
            return;
        }

        var inside = new RestoreInside(survey, regions, top, []) { OnlyFiles = true };
        inside = inside with { KeepsTogether = tree.CountReplaced(inside, top.Live, top.Fresh!) > 1 };
        Merge(inside, top.Live, top.Fresh!);
        if (inside.KeepsTogether)
        {
            kept.AddRange(regions.Values.Where(region => made.Contains(BytePath.Key(region.Kept))).Select(region => BytePath.Text(region.Kept)));
        }
    }

    /// <summary>A directory for something that has none above it, as the one above that is.</summary>
    public void Ensure(byte[] directory, in FileStatus like) =>
        swaps.Add(new MakeDirectoryStep(directory, DirectoryMeta.Of(like)));

    /// <summary>A restored directory into which something else is put gets its own time again.</summary>
    public void Settle(byte[] directory, in FileStatus fresh) =>
        ends.Add(new SetDirectoryStep(directory, FileIdentity.Of(fresh), DirectoryMeta.Of(fresh), DirectoryMeta.Of(fresh)));

    /// <summary>
    /// A file of several names in the lower layer of an overlay becomes another file when it is first renamed. So it is made that
    /// before a step is to know it, by giving it the mode that it has: opened, since a link may have taken its name.
    /// </summary>
    private void Detach(byte[] path, bool isForeign = false)
    {
        if (isForeign || places.StatusOrNull(path) is not { IsRegular: true, Links: > 1 } file || file.IsOnDisk)
        {
            return;
        }

        try
        {
            var (directory, name) = places.Find(path);
            using var opened = Posix.OpenToRead(directory, name);
            Posix.SetMode(opened, Posix.Status(opened).Permissions);
        }
        catch (PosixError)
        {
            // Another user's: the step will say so if it is in need of it.
        }
    }

    private void ReplaceEntries(RestoreInside at, byte[] live, byte[]? fresh, byte[] aside)
    {
        var old = places.StatusOrNull(live) ?? throw new PosixError(PosixError.NotFound);
        foreach (var (name, inPlace) in tree.Names(live, fresh))
        {
            ReplaceEntry(at.Go(inPlace), BytePath.Join(live, name), fresh is null ? null : BytePath.Join(fresh, name), BytePath.Join(aside, name));
        }

        if (fresh is not null && places.StatusOrNull(fresh) is { } status)
        {
            ends.Add(new SetDirectoryStep(live, FileIdentity.Of(old), tree.Meta(fresh, status), tree.Meta(live, old)));
        }
    }

    private void ReplaceEntry(RestoreInside at, byte[] live, byte[]? fresh, byte[] aside)
    {
        Detach(live, at.Survey.WhyForeign(at.Below) is not null);
        var old = places.StatusOrNull(live);
        var restored = fresh is null ? null : places.StatusOrNull(fresh);
        if (tree.WhyStays(at, live, fresh) is { } reason)
        {
            if (restored is { } hidden && !tree.StandsFor(fresh!, hidden, live) && !at.Survey.IsSecondPlace(at.Below))
            {
                PutNextTo(live, reason, fresh!, hidden);
            }
        }
        else if (old is { IsDirectory: true } directory && (at.Stays || !at.Region.Probe.CanMove(live)))
        {
            ReplaceInside(at, live, directory, restored is null ? null : fresh, restored, aside);
        }
        else if (old is { } file && at.IsMounted)
        {
            Overwrite(at, file, live, fresh, restored, aside);
        }
        else if (old is { } replaced)
        {
            RequireMovable(at.Region.Probe, live, replaced);
            MakeKept(BytePath.Above(aside), BytePath.Above(live));
            if (restored is not null)
            {
                KeepLog(at with { KeepsTogether = true }, live, fresh!, aside);
                Replace(live, fresh!, aside, at.Region.Probe);
            }
            else
            {
                swaps.Add(new KeepStep(live, aside, FileIdentity.Of(replaced)));
            }
        }
        else if (restored is { } added)
        {
            KeepLog(at with { KeepsTogether = true }, live, fresh!, aside);
            swaps.Add(new BringStep(live, fresh!, FileIdentity.Of(added), aside));
        }
    }

    /// <summary>A directory that cannot move: what is in it does.</summary>
    private void ReplaceInside(RestoreInside at, byte[] live, in FileStatus old, byte[]? fresh, in FileStatus? restored, byte[] aside)
    {
        var next = at;
        if (at.Regions.TryGetValue(at.Key, out var region))
        {
            next = at with { Region = region };
            aside = region.Kept;
            fresh = restored is { IsDirectory: true } ? region.Fresh : fresh;
        }

        ReplaceEntries(next, live, restored is { IsDirectory: true } ? fresh : null, aside);
        if (at.Stays)
        {
            if (restored is { IsDirectory: false } file)
            {
                PutNextTo(live, HoldsForeign, fresh!, file);
            }

            return;
        }

        if (restored is not { IsDirectory: true })
        {
            MakeKept(aside, live);
            swaps.Add(new RemoveDirectoryStep(live, FileIdentity.Of(old), tree.Meta(live, old)));
            if (restored is { } other)
            {
                swaps.Add(new BringStep(live, fresh!, FileIdentity.Of(other), RestoreNames.Kept(live, stamp)));
            }
        }
    }

    private void Merge(RestoreInside at, byte[] live, byte[] fresh)
    {
        if (places.StatusOrNull(live) is { } directory)
        {
            touched.Add(new DirectoryTime(BytePath.Text(live), directory.Modified));
        }

        foreach (var (name, inPlace) in tree.Restored(live, fresh))
        {
            MergeEntry(at.Go(inPlace), BytePath.Join(live, name), BytePath.Join(fresh, name));
        }
    }

    private void MergeEntry(RestoreInside at, byte[] live, byte[] fresh)
    {
        Detach(live, at.Survey.WhyForeign(at.Below) is not null);
        var (old, restored) = (places.StatusOrNull(live), places.StatusOrNull(fresh) ?? throw new PosixError(PosixError.NotFound));
        var aside = at.KeepsTogether ? [.. at.Region.Kept, .. live.AsSpan(at.Region.Live.Length)] : RestoreNames.Kept(live, stamp);
        if (tree.WhyStays(at, live, fresh) is { } reason)
        {
            if (!tree.StandsFor(fresh, restored, live))
            {
                PutNextTo(live, reason, fresh, restored);
            }
        }
        else if (old is { IsDirectory: true } && restored.IsDirectory)
        {
            var region = at.Regions.GetValueOrDefault(at.Key);
            Merge(region is null ? at : at with { Region = region }, live, region?.Fresh ?? fresh);
        }
        else if (old is { IsDirectory: true } && at.Stays)
        {
            PutNextTo(live, HoldsForeign, fresh, restored);
        }
        else if (old is { } file && at.IsMounted)
        {
            Overwrite(at, file, live, fresh, restored, aside);
        }
        else
        {
            if (old is { } there)
            {
                RequireMovable(at.Region.Probe, live, there);
                Keep(at, live, aside);
            }

            KeepLog(at, live, fresh, aside);
            Replace(live, fresh, aside, at.Region.Probe);
        }
    }

    private void Keep(RestoreInside at, byte[] live, byte[] aside)
    {
        if (at.KeepsTogether)
        {
            MakeKept(BytePath.Above(aside), BytePath.Above(live));
        }
        else
        {
            kept.Add(BytePath.Text(aside));
        }
    }

    /// <summary>
    /// A log that would stay next to a database that is replaced, or that was removed without it, goes with the old one, whose newest rows it holds: into the
    /// restored one SQLite would write pages that have nothing to do with it.
    /// </summary>
    private void KeepLog(RestoreInside at, byte[] live, byte[] fresh, byte[] aside)
    {
        foreach (var (end, file) in tree.Logs(live, fresh).Where(log => at.Survey.WhyForeign([.. at.Below, .. log.End]) is not null || (at.OnlyFiles && places.StatusOrNull([.. fresh, .. log.End]) is null)))
        {
            Keep(at, live, [.. aside, .. end]);
            swaps.Add(new KeepStep([.. live, .. end], [.. aside, .. end], FileIdentity.Of(file)));
        }
    }

    private static void RequireMovable(IRestoreProbe probe, byte[] live, in FileStatus there)
    {
        if (!there.IsDirectory)
        {
            probe.RequireMovable(live);
        }
        else if (!probe.CanMove(live))
        {
            throw UserError.Failed(
                $"the directory {BytePath.Text(live)} cannot be moved away: something is mounted there, or it is of a lower layer of an overlay", "nothing was changed; restore elsewhere with --to DIR");
        }
    }

    /// <summary>A name is taken over; what has it now gets another.</summary>
    private void Replace(byte[] live, byte[] fresh, byte[] aside, IRestoreProbe probe)
    {
        var restored = FileIdentity.Of(places.StatusOrNull(fresh) ?? throw new PosixError(PosixError.NotFound));
        if (places.StatusOrNull(live) is not { } there)
        {
            swaps.Add(new BringStep(live, fresh, restored, aside));
            return;
        }

        var old = FileIdentity.Of(there);
        if (probe.CanExchange)
        {
            swaps.Add(new ExchangeStep(live, old, fresh, restored));
            keeps.Add(new KeepStep(fresh, aside, old) { IsStaged = true });
            return;
        }

        // A file system that cannot exchange names: for a moment there is nothing.
        swaps.Add(new KeepStep(live, aside, old));
        swaps.Add(new BringStep(live, fresh, restored, aside));
    }

    private void Overwrite(RestoreInside at, in FileStatus old, byte[] live, byte[]? fresh, in FileStatus? restored, byte[] aside)
    {
        if (restored is not { } other)
        {
            notInPlace.Add(new PathWarning(BytePath.Text(live), "is not in the snapshot, but is mounted there by itself, so it was left as it is"));
            return;
        }

        if ((!old.IsRegular || !other.IsRegular ? "mounted there by itself" : RestoreOtherNames.WhyStays(BytePath.Text(live))) is { } reason)
        {
            PutNextTo(live, reason, fresh!, other);
            return;
        }

        MakeKept(BytePath.Above(aside), BytePath.Above(live));
        if (!at.KeepsTogether)
        {
            kept.Add(BytePath.Text(aside));
        }

        KeepLog(at, live, fresh!, aside);
        swaps.Add(new OverwriteStep(live, FileIdentity.Of(old), fresh!, aside, at.Region.Probe.Copying));
    }

    /// <summary>The directories above something that is kept, as the live ones are.</summary>
    private void MakeKept(byte[] aside, byte[] live)
    {
        if (made.Contains(BytePath.Key(aside)) || places.StatusOrNull(aside) is not null)
        {
            return;
        }

        var name = aside.AsSpan(aside.AsSpan().LastIndexOf((byte)'/') + 1);
        if (!LeftoverName.Is(name))
        {
            MakeKept(BytePath.Above(aside), BytePath.Above(live));
        }

        made.Add(BytePath.Key(aside));
        swaps.Add(new MakeDirectoryStep(aside, tree.Meta(live, places.StatusOrNull(live) ?? throw new PosixError(PosixError.NotFound))));
    }

    /// <summary>Something stays where the snapshot has something else, which gets a name next to it.</summary>
    private void PutNextTo(byte[] live, string reason, byte[] fresh, in FileStatus restored)
    {
        var name = RestoreNames.NextTo(live, stamp);
        if (places.StatusOrNull(name) is not null)
        {
            name = RestoreNames.Spare(name, free => places.StatusOrNull(free) is null);
        }

        swaps.Add(new BringStep(name, fresh, FileIdentity.Of(restored), RestoreNames.Kept(live, stamp)));
        notInPlace.Add(new PathWarning(BytePath.Text(live), $"was left as it is ({reason}); what the snapshot has there is {BytePath.Text(name)}"));
    }
}
