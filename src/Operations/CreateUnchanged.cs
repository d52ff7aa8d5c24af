using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Tells which files are as an earlier run saw them. Where inode numbers and change times are the file system's own, that needs no
/// reading, ever. Where they are made up, size and mtime must do, and each file is read again every so many days: a share of them
/// each day, chosen by their paths, so that nothing has to be remembered.
/// </summary>
internal sealed class CreateUnchanged(IReadOnlyList<EarlierList> earlier, RescanShare share, DateTimeOffset startedAt)
{
    /// <summary>A file that changed within this time before it was looked at may change again under the same time stamp: the kernel's clock ticks every 1 to 10 ms.</summary>
    private const int StampGranularity = 50;

    /// <summary>Some file systems keep whole seconds, or even seconds.</summary>
    private const int CoarseStampGranularity = 2000;

    /// <summary>Where the source is of which the next questions are.</summary>
    public string Place { get; set; } = "";

    private readonly MountTable mounts = MountTable.Read();
    private (ulong Mount, MountedPlace? Weak)? last;

    /// <summary>What an earlier run stored of a file that did not change since, and its list; null if it must be read.</summary>
    public (FileEntry Entry, EarlierList List)? Find(SourceName source, WalkedEntry walked)
    {
        foreach (var list in earlier)
        {
            if (list.Find(source, walked.Path) is { HasContent: true } known && Is(known, source, walked, list))
            {
                return (known, list);
            }
        }

        return null;
    }

    /// <summary>Whether a file is as the earlier run saw it, and was long enough before that run for its time stamp to prove it.</summary>
    public bool Is(FileEntry known, SourceName source, WalkedEntry walked, EarlierList list)
    {
        var status = walked.Status;
        return IsTrusted(status.Changed, list.StartedAt)
            && (known.IsUnchanged(status)
                ? !IsToBeRead(walked, list)
                : known.HasSameTimes(status) && WeakPlace(status) is not null && list.IsByMtime(source, Place) && !IsToBeRead(walked, list));
    }

    /// <summary>Whether the file must be read whatever is known of it: it lies where a change need not show, and its day has come.</summary>
    public bool IsToBeRead(WalkedEntry walked, EarlierList list) =>
        !ShowsChanges(walked.Status) && WeakPlace(walked.Status) is not null && share.IsDue(Crc32.Append(0, walked.Path), list.StartedAt.Seconds, startedAt.ToUnixTimeSeconds());

    /// <summary>The file system that a file is on, if that makes up inode numbers; null otherwise.</summary>
    public MountedPlace? WeakPlace(in FileStatus status)
    {
        if (last is not var (mount, weak) || mount != status.MountId)
        {
            var id = status.MountId;
            weak = id == 0 ? null : mounts.All.FirstOrDefault(place => place.Id == id && !place.HasLastingInodes);
            last = (id, weak);
        }

        return weak;
    }

    /// <summary>For people, what a place makes of all this.</summary>
    public string Explain(MountedPlace place) =>
        $"{place.Point} ({place.Type}) may give a file another inode number each time: files are taken for unchanged by size and time, and each is read again once in {share.Days} days, see 'rescan_days'";

    public static bool IsTrusted(FileTime changed, FileTime looked) =>
        changed < looked.MinusMilliseconds(changed.Nanoseconds == 0 ? CoarseStampGranularity : StampGranularity);

    /// <summary>A change time of its own is one that no program can set. One that is the mtime may be nothing else.</summary>
    public static bool ShowsChanges(in FileStatus status) => status.Changed != status.Modified;
}
