using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Directories by their paths, as a plan of steps looks at them.</summary>
internal sealed class DirectoryLook(NamedPlaces places)
{
    /// <summary>
    /// All names in one or both, in the order of their bytes; none of what is no directory. Where one name is another in small letters, what is
    /// there now has the restored one's.
    /// </summary>
    public IEnumerable<(byte[] Name, byte[] InPlace)> Names(byte[] live, byte[]? fresh)
    {
        var restored = fresh is null ? [] : Restored(live, fresh);
        var taken = restored.Select(one => BytePath.Key(one.InPlace)).ToHashSet();
        return restored.Concat(Read(live).Where(name => !taken.Contains(BytePath.Key(name))).Select(name => (Name: name, InPlace: name)))
            .OrderBy(one => BytePath.Key(one.Name), StringComparer.Ordinal);
    }

    /// <summary>The restored names, each with the one by which the directory that is there now lists the same.</summary>
    public List<(byte[] Name, byte[] InPlace)> Restored(byte[] live, byte[] fresh)
    {
        var there = Read(live);
        using var open = there.Count > 0 ? Open(live) : null;
        var listed = open is null ? null : new ListedNames(open, there);
        return [.. Read(fresh).Select(name => (name, there.Contains(name) ? name : listed?.Find(name) ?? name))];
    }

    public bool IsEmpty(byte[] directory) => Read(directory).Count == 0;

    /// <summary>Mode, owner, time, ACLs and attributes.</summary>
    public DirectoryMeta Meta(byte[] path, in FileStatus status)
    {
        using var directory = Open(path);
        return DirectoryMeta.Of(status) with { Attributes = DirectoryAttributes.Read(directory) };
    }

    /// <summary>How many names of a tree would be taken over, as far as it matters: one, or more.</summary>
    public int CountReplaced(RestoreInside at, byte[] live, byte[] fresh)
    {
        var count = 0;
        foreach (var (name, inPlace) in Restored(live, fresh).TakeWhile(_ => count < 2))
        {
            var (next, there, restored) = (at.Go(inPlace), BytePath.Join(live, name), BytePath.Join(fresh, name));
            if (WhyStays(next, there, restored) is not null || places.StatusOrNull(there) is not { } old)
            {
                continue;
            }

            if (!old.IsDirectory || places.StatusOrNull(restored) is not { IsDirectory: true })
            {
                count++;
                continue;
            }

            count += CountReplaced(next, there, next.Regions.GetValueOrDefault(next.Key)?.Fresh ?? restored);
        }

        return count;
    }

    /// <summary>The companions next to a name of an SQLite file, or of one that takes its place.</summary>
    public IEnumerable<(byte[] End, FileStatus File)> Logs(byte[] live, byte[] fresh)
    {
        foreach (var end in SqliteCompanions.Suffixes)
        {
            if (places.StatusOrNull([.. live, .. end]) is { IsRegular: true } file && (IsDatabase(live) || IsDatabase(fresh)))
            {
                yield return (end, file);
            }
        }
    }

    /// <summary>Why a name is left as it is; null if it is not. A database that stays keeps what is next to it of its own.</summary>
    /// <param name="at">The name.</param>
    /// <param name="live">Its path.</param>
    /// <param name="fresh">What is restored there; null for nothing.</param>
    public string? WhyStays(RestoreInside at, byte[] live, byte[]? fresh)
    {
        if (at.Survey.WhyForeign(at.Below) is { } reason)
        {
            return reason;
        }

        var database = SqliteCompanions.DatabaseOf(live);
        if (database.IsEmpty || database.EndsWith("/"u8) || places.StatusOrNull(live) is { IsDirectory: true })
        {
            return null;
        }

        var end = live.Length - database.Length;
        var why = at.Survey.WhyUnchanged(at.Below.AsSpan(0, at.Below.Length - end)) ?? (IsKept(at, live[..^end], end, fresh) ? "it belongs to the database next to it, which stays" : null);
        return why is not null && IsDatabase(live[..^end]) ? why : null;
    }

    private bool IsKept(RestoreInside at, byte[] database, int end, byte[]? fresh)
    {
        var restored = fresh is null ? null : places.StatusOrNull(fresh[..^end]);
        return at.Survey.IsMounted(at.Below.AsSpan(0, at.Below.Length - end))
            ? restored is not { IsRegular: true } || RestoreOtherNames.WhyStays(BytePath.Text(database)) is not null
            : at.OnlyFiles && restored is null;
    }

    /// <summary>An empty directory stands for what another source or a mount has there, and an old link for one that leads to a source.</summary>
    public bool StandsFor(byte[] fresh, in FileStatus restored, byte[] live) =>
        restored.IsDirectory ? IsEmpty(fresh) : restored.IsSymlink && places.StatusOrNull(live) is { IsSymlink: true };

    private DirectoryNames Read(byte[] path)
    {
        if (places.StatusOrNull(path) is not { IsDirectory: true })
        {
            return DirectoryNames.None;
        }

        using var directory = Open(path);
        return DirectoryNames.Read(directory);
    }

    private SafeFileHandle Open(byte[] path)
    {
        var (above, name) = places.Find(path);
        return Posix.OpenDirectory(above, name);
    }

    private bool IsDatabase(byte[] path)
    {
        var (directory, name) = places.Find(path);
        return SqliteLog.IsOfDatabase(directory, name);
    }
}
