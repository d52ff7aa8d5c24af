using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Tries in a scratch directory what this program does with files, and removes it again. All of that is done by its open directory, and only
/// names that were made are removed: whoever else may write there leads nobody elsewhere.
/// </summary>
internal sealed class PlaceTrial
{
    private const int OwnersOnly = 0x180; // 0600
    private const int OwnersOnlyDirectory = 0x1C0; // 0700

    private static readonly string[] Names = ["locked", "record", "renamed-from", "renamed-to", "exchanged-one", "exchanged-other", "moved-from", "moved-to", "taken", "linked", "link"];

    private readonly Dictionary<PlaceAbility, string> lacking = [];

    /// <summary>What failed, each with the reason.</summary>
    public IReadOnlyDictionary<PlaceAbility, string> Lacking => lacking;

    /// <summary>The disk is full, so that nothing can be said of it.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Tries all of it, after what a killed trial left was removed.</summary>
    /// <param name="directory">Where; its time of modification stays as it is.</param>
    /// <param name="now">By which the scratch directory is named.</param>
    public static PlaceTrial Run(string directory, DateTimeOffset now)
    {
        var trial = new PlaceTrial();
        using var parent = trial.Try(PlaceAbility.Make, () => Open(directory));
        if (parent is not null)
        {
            if (MountTable.Read().Over(RealPath.Of(directory)) is { KeepsBack: true } mount)
            {
                trial.lacking.Add(PlaceAbility.KeepSynced, mount.Type);
            }

            var modified = trial.Try(PlaceAbility.Make, () => (FileTime?)Posix.Status(parent).Modified);
            RemoveOrphans(parent);
            trial.RunIn(parent, now);
            KeepTime(parent, modified);
        }

        return trial;
    }

    /// <summary>Whether two names change places; each has to be a file's.</summary>
    /// <returns>Why not; null if they do.</returns>
    public static string? Exchange(SafeFileHandle directory, byte[] one, byte[] other)
    {
        try
        {
            Posix.Rename(directory, one, directory, other, RenameHow.Exchange);

            // One that does not know the wish may rename all the same.
            _ = Posix.StatusAt(directory, one);
            return null;
        }
        catch (PosixError e)
        {
            return e.Message;
        }
    }

    /// <summary>Root may be led elsewhere by whoever can put a link on the way.</summary>
    private static SafeFileHandle Open(string directory) =>
        Posix.IsRoot ? LinkTrust.OpenDirectory(directory) : Posix.OpenDirectory(Posix.Here, Posix.Bytes(directory), follow: true);

    private void RunIn(SafeFileHandle parent, DateTimeOffset now)
    {
        byte[] name = [];
        using var directory = Try(PlaceAbility.Make, () => Make(parent, now, out name));
        if (directory is null)
        {
            return;
        }

        try
        {
            TryLocks(directory);
            TryNames(directory);
            Try(PlaceAbility.SyncDirectory, () => Posix.Sync(directory));
            Try(PlaceAbility.SyncFileSystem, () => DiskSync.FileSystem(directory));
        }
        finally
        {
            Try(PlaceAbility.Remove, () => Remove(parent, name, directory));
        }
    }

    /// <summary>Held, as far as there are locks, so that nobody takes it for an orphan.</summary>
    private static SafeFileHandle Make(SafeFileHandle parent, DateTimeOffset now, out byte[] name)
    {
        for (var id = SnapshotId.At(now); ; id = id.Next())
        {
            try
            {
                name = Posix.Bytes(LeftoverName.TrialPrefix + id);
                Posix.MakeDirectory(parent, name, OwnersOnlyDirectory);
                break;
            }
            catch (PosixError e) when (e.Number == PosixError.Exists)
            {
                // Of another trial.
            }
        }

        try
        {
            var directory = Posix.OpenDirectory(parent, name);
            _ = IsFree(directory);
            return Holds(directory, static _ => false) ? directory : throw new PosixError(PosixError.Exists, "somebody put another directory in its place");
        }
        catch (PosixError)
        {
            RemoveEmpty(parent, name);
            throw;
        }
    }

    private static void RemoveEmpty(SafeFileHandle parent, byte[] name)
    {
        try
        {
            Posix.Remove(parent, name, directory: true);
        }
        catch (PosixError)
        {
            // Somebody else's, or it cannot be removed: what went wrong before that is to be told.
        }
    }

    private void TryLocks(SafeFileHandle directory)
    {
        var name = Posix.Bytes(Names[0]);
        using var file = Try(PlaceAbility.Make, () => Posix.CreateNew(directory, name, OwnersOnly));
        if (file is null)
        {
            return;
        }

        Try(PlaceAbility.SyncFile, () =>
        {
            Posix.Write(file, name);
            Posix.Sync(file);
        });
        TryRecordLock(directory);
        if (Try(PlaceAbility.Lock, () => FileLock.TryTake(file, exclusive: true)))
        {
            using var other = Posix.OpenToChange(directory, name);
            if (FileLock.TryTake(other, exclusive: true))
            {
                lacking.Add(PlaceAbility.LockAlone, "it was given twice");
            }
        }
    }

    /// <summary>In a file of its own: on a share either may be made of the other.</summary>
    private void TryRecordLock(SafeFileHandle directory)
    {
        using var file = Try(PlaceAbility.Make, () => Posix.CreateNew(directory, Posix.Bytes(Names[1]), OwnersOnly));
        if (file is not null)
        {
            Try(PlaceAbility.LockRecord, () => FileLock.TakeRecord(file, start: 0, length: 1));
        }
    }

    private void TryNames(SafeFileHandle directory)
    {
        var names = Array.ConvertAll(Names[1..], Posix.Bytes);
        foreach (var name in new[] { names[1], names[3], names[4], names[5], names[7], names[8] })
        {
            Try(PlaceAbility.Make, () => Posix.CreateNew(directory, name, OwnersOnly).Dispose());
        }

        if (lacking.ContainsKey(PlaceAbility.Make) || IsFull)
        {
            return;
        }

        Try(PlaceAbility.Rename, () => Posix.Rename(directory, names[1], directory, names[2]));
        if (Exchange(directory, names[3], names[4]) is { } reason)
        {
            lacking.Add(PlaceAbility.Exchange, reason);
        }

        Try(PlaceAbility.RenameAlone, () => RenameAlone(directory, names[5], names[6], names[7]));
        Try(PlaceAbility.HardLink, () => Posix.MakeLink(directory, names[8], directory, names[9]));
    }

    /// <summary>Of a name that is free, too: the kernel refuses what is taken before it asks a file system whether it could.</summary>
    private static void RenameAlone(SafeFileHandle directory, byte[] from, byte[] to, byte[] taken)
    {
        Posix.Rename(directory, from, directory, to, RenameHow.Refuse);
        try
        {
            Posix.Rename(directory, to, directory, taken, RenameHow.Refuse);
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            return;
        }

        throw new PosixError(PosixError.Invalid, "it replaces all the same");
    }

    private static void Remove(SafeFileHandle parent, byte[] name, SafeFileHandle directory)
    {
        foreach (var one in Names)
        {
            try
            {
                Posix.Remove(directory, Posix.Bytes(one));
            }
            catch (PosixError e) when (e.Number == PosixError.NotFound)
            {
                // It was never made, or was renamed.
            }
        }

        Posix.Remove(parent, name, directory: true);
    }

    /// <summary>What is left of trials that were killed: nobody holds it.</summary>
    /// <param name="directory">Where trials were.</param>
    public static void RemoveOrphans(string directory)
    {
        try
        {
            using var parent = Open(directory);
            RemoveOrphans(parent);
        }
        catch (PosixError)
        {
            // Whoever needs the directory says so.
        }
    }

    private static void RemoveOrphans(SafeFileHandle parent)
    {
        try
        {
            using var names = Posix.OpenDirectory(parent, "."u8);
            foreach (var name in DirectoryNames.Read(names).Where(name => LeftoverName.IsTrial(name)))
            {
                using var orphan = Posix.OpenDirectory(parent, name);
                if (IsFree(orphan) && Holds(orphan, name => IsOurs(orphan, name)))
                {
                    Remove(parent, name, orphan);
                }
            }
        }
        catch (PosixError)
        {
            // What cannot be removed is no reason to try nothing.
        }
    }

    /// <summary>Whether a directory has nothing else in it: whoever may write next to it can give any directory that lies there the name of a trial.</summary>
    private static bool Holds(SafeFileHandle directory, Predicate<byte[]> isExpected)
    {
        using var listed = Posix.OpenDirectory(directory, "."u8);
        return DirectoryNames.Read(listed).ToList().TrueForAll(isExpected);
    }

    /// <summary>Whether a file is as a trial makes them. Owner and mode say nothing where a place has none.</summary>
    private static bool IsOurs(SafeFileHandle directory, byte[] name) =>
        Array.IndexOf(Names, System.Text.Encoding.Latin1.GetString(name)) >= 0 && Posix.StatusAt(directory, name) is { IsRegular: true, Links: <= 2 } file && file.Size <= Names[0].Length;

    /// <summary>Takes the lock on a directory of ours; false if another trial has it, or there are no locks.</summary>
    private static bool IsFree(SafeFileHandle directory)
    {
        try
        {
            return FileLock.TryTake(directory, exclusive: true);
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private static void KeepTime(SafeFileHandle directory, FileTime? modified)
    {
        try
        {
            if (modified is { } time)
            {
                Posix.SetModified(directory, time);
            }
        }
        catch (PosixError)
        {
            // Somebody else's directory: its time says that something was made there, which is true.
        }
    }

    private void Try(PlaceAbility ability, Action act) => _ = Try(ability, () =>
    {
        act();
        return true;
    });

    private T? Try<T>(PlaceAbility ability, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (PosixError e) when (e.IsDiskFull)
        {
            IsFull = true;
        }
        catch (PosixError e)
        {
            lacking.TryAdd(ability, e.Message);
        }

        return default;
    }
}
