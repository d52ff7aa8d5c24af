using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Operations;

/// <summary>What became of something that was to be made.</summary>
/// <param name="Name">The name that it has; null if it was left out, and said to be.</param>
/// <param name="File">Open, if it is a file.</param>
/// <param name="Impossible">Why nothing of its kind can be made there, under whatever name; nobody was told yet.</param>
internal readonly record struct Made(byte[]? Name, SafeFileHandle? File = null, PosixError? Impossible = null);

/// <summary>
/// Makes what is restored under names that the place takes. Where a plain name can be had and the wanted one not, the name is at fault: it
/// is refused, left out with <c>--keep-going</c>, or replaced with <c>--rename-unfit</c>; see <see cref="FittingName"/>.
/// </summary>
internal sealed class FittingNames(RestorePlan plan, RestoreLosses losses)
{
    private const int MostRefused = 100;

    private readonly NameTrial trial = new();
    private readonly List<PathWarning> refused = [];
    private readonly HashSet<(ulong Device, EntryType Type, int Number)> impossible = [];

    /// <summary>So many names are refused that the rest matters no more.</summary>
    public bool IsEnough => refused.Count >= MostRefused;

    /// <summary>A name was refused, so that all is in vain; what is left is gone through only for other such names.</summary>
    public bool IsDoomed => refused.Count > 0;

    /// <summary>What cannot be had there is left out.</summary>
    public bool KeepsGoing => plan.KeepGoing;

    /// <summary>Names have to be looked at once more when they are made.</summary>
    public bool IsAltering(SafeFileHandle directory) => trial.IsAltering(directory);

    /// <param name="parent">A directory of ours, new.</param>
    /// <param name="entry">What is made.</param>
    /// <param name="make">Makes it under a name, and opens it if it is a file.</param>
    /// <param name="mayRename">It is found by its place in its tree, and not by its name.</param>
    public Made Make(SafeFileHandle parent, FileEntry entry, Func<byte[], SafeFileHandle?> make, bool mayRename = true)
    {
        var name = entry.Path[(entry.Path.AsSpan().LastIndexOf((byte)'/') + 1)..];
        PosixError refusal;
        try
        {
            if (FittingName.IsText(name) || trial.TakesBytes(parent))
            {
                return new Made(name, make(name));
            }

            refusal = new PosixError(PosixError.IllegalSequence);
        }
        catch (PosixError e) when (!e.IsOfWholePlace)
        {
            refusal = e;
        }

        if (refusal.Number == PosixError.Exists ? IsSameName(parent, name, entry) : !IsOfName(parent, entry, name, make, refusal))
        {
            return new Made(null, Impossible: refusal);
        }

        try
        {
            // An error that passes is no reason for another name.
            return IsTransient(refusal) ? new Made(name, make(name)) : Rename(parent, entry, name, make, mayRename, refusal);
        }
        catch (PosixError e) when (IsTransient(refusal) && !e.IsOfWholePlace)
        {
            return Rename(parent, entry, name, make, mayRename, e);
        }
    }

    /// <summary>Compares the names in a directory, when all are made, with those that they were to have.</summary>
    public void LookAgain(SafeFileHandle directory, IReadOnlyList<(byte[] Name, byte[] Path)> made)
    {
        using var again = Posix.OpenDirectory(directory, "."u8);
        var there = DirectoryNames.Read(again);
        var wanted = made.Select(one => BytePath.Key(one.Name)).ToHashSet();
        var others = new ListedNames(again, there.Where(name => !wanted.Contains(BytePath.Key(name))));
        foreach (var (name, path) in made.Where(one => !there.Contains(one.Name)))
        {
            if (others.Find(name) is not { } other)
            {
                continue;
            }

            if (plan.RenameUnfit || plan.KeepGoing)
            {
                losses.Renamed.Add(path, other);
            }
            else
            {
                Refuse(path, $"the file system there makes '{BytePath.Text(other)}' of its name");
            }
        }
    }

    /// <summary>To be called when all names are made, or no more are.</summary>
    /// <exception cref="UserError">Some were refused.</exception>
    public void RequireAll(RunProgress progress)
    {
        if (refused.Count == 0)
        {
            return;
        }

        if (refused.Count > 1)
        {
            refused.ForEach(one => progress.Say(Severity.Error, $"{one.Path}: {one.Reason}"));
        }

        var (path, why) = refused[0];
        throw UserError.Failed(
            refused.Count == 1 ? $"{path} cannot be restored: {why}" : $"{Units.Count(refused.Count, "file")}{(IsEnough ? " at least" : "")} cannot be restored under their names; the first is {path}: {why}",
            plan.IsDrill ? "name a directory on another file system as drill.dir in the configuration"
                : $"nothing was changed; --rename-unfit restores such files under other names, {(plan.To is null ? "--keep-going leaves them out, and --to DIR restores elsewhere" : "and --keep-going leaves them out")}");
    }

    private static bool IsTransient(PosixError error) =>
        error.Number is not (PosixError.Exists or PosixError.NotFound or PosixError.Invalid or PosixError.NameTooLong or PosixError.IllegalSequence);

    private Made Rename(SafeFileHandle parent, FileEntry entry, byte[] name, Func<byte[], SafeFileHandle?> make, bool mayRename, PosixError refusal)
    {
        foreach (var other in mayRename && plan.RenameUnfit ? FittingName.Of(name) : [])
        {
            try
            {
                var file = make(other);
                losses.Renamed.Add(entry.Path, other);
                return new Made(other, file);
            }
            catch (PosixError e) when (!e.IsOfWholePlace)
            {
                // The next one asks for less.
            }
        }

        var why = Why(parent, name, refusal);
        if (plan.KeepGoing)
        {
            losses.LeaveOut(entry, why);
        }
        else
        {
            Refuse(entry.Path, why);
        }

        return default;
    }

    private void Refuse(byte[] path, string why) => refused.Add(new PathWarning(BytePath.Text(path), why));

    private static string Why(SafeFileHandle parent, byte[] name, PosixError refusal) => refusal.Number switch
    {
        PosixError.Exists => $"the file system there takes its name for {(SameName(parent, name) is { } other ? $"that of '{BytePath.Text(other)}'" : "another one")}",
        PosixError.NameTooLong => "its name is too long for the file system there",
        _ when !FittingName.IsText(name) => "its name is no UTF-8, which the file system there wants",
        PosixError.NotFound or PosixError.Invalid or PosixError.IllegalSequence => "the file system there does not take its name",
        _ => $"the file system there does not take its name ({refusal.Message})",
    };

    private static byte[]? SameName(SafeFileHandle parent, byte[] name)
    {
        using var again = Posix.OpenDirectory(parent, "."u8);
        return new ListedNames(again, DirectoryNames.Read(again).Where(one => !one.AsSpan().SequenceEqual(name))).Find(name);
    }

    /// <summary>A list has each path once. That one has come before can be seen where names come back as they were given.</summary>
    private bool IsSameName(SafeFileHandle parent, byte[] name, FileEntry entry)
    {
        if (losses.Renamed.IsTaken(entry.Path) || trial.IsFolding(parent) || trial.IsAltering(parent))
        {
            return false;
        }

        using var again = Posix.OpenDirectory(parent, "."u8);
        return DirectoryNames.Read(again).Contains(name);
    }

    /// <summary>Whether the same can be made under a plain name. What an attempt left under the wanted one is removed.</summary>
    private bool IsOfName(SafeFileHandle parent, FileEntry entry, byte[] name, Func<byte[], SafeFileHandle?> make, PosixError refusal)
    {
        var isLinkOrNode = entry.Type == EntryType.Symlink || entry.Type.IsSpecial();
        if (isLinkOrNode && refusal.Number == PosixError.InputOutput)
        {
            NameTrial.RemoveHalf(parent, name);
        }

        var kind = (Posix.Status(parent).Device, entry.Type, refusal.Number);
        if (impossible.Contains(kind))
        {
            return false;
        }

        if (NameTrial.CanMake(parent, make, entry.Type == EntryType.Directory))
        {
            return true;
        }

        if (isLinkOrNode && IsTransient(refusal))
        {
            impossible.Add(kind);
        }

        return false;
    }
}
