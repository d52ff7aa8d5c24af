using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Does steps and takes them back. Whether a step is done is seen on the disk, by the inodes at its names, so both can be
/// repeated after a kill at any instant. Where the disk shows neither the one nor the other, somebody changed it meanwhile:
/// the step is refused and both names are given; nothing is ever removed that is not what a step expects.
/// </summary>
internal sealed class RestoreExecutor : IDisposable
{
    private const int CopyBytes = 1 << 20;

    private readonly NamedPlaces places = new();

    /// <summary>Directories that were to be removed when taking back, and hold something now.</summary>
    public List<string> LeftOver { get; } = [];

    /// <summary>Does every step that is not done yet, in order.</summary>
    /// <exception cref="UserError">The disk was changed meanwhile.</exception>
    /// <exception cref="PosixError">The system refuses.</exception>
    public void Finish(IEnumerable<RestoreStep> steps)
    {
        foreach (var step in steps)
        {
            Do(step);
        }
    }

    /// <summary>Takes back every step that is done, the last first.</summary>
    /// <exception cref="UserError">The disk was changed meanwhile.</exception>
    /// <exception cref="PosixError">The system refuses.</exception>
    public void TakeBack(IReadOnlyList<RestoreStep> steps)
    {
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            TakeBack(steps[i]);
        }
    }

    /// <summary>Gives directories that stay their times again, which the removing of scratch changed.</summary>
    public void SetTimes(IReadOnlyList<RestoreStep> steps, bool back)
    {
        foreach (var step in steps.OfType<SetDirectoryStep>().Where(step => step.What.Is(places.StatusOrNull(step.Path))))
        {
            Set(step, back ? step.Old : step.New);
        }
    }

    /// <summary>Returns when all that the steps changed is on disk.</summary>
    public void Sync(IEnumerable<RestoreStep> steps)
    {
        var synced = new HashSet<ulong>();
        foreach (var path in steps.SelectMany(Paths))
        {
            if (places.StatusOrNull(path) is { } status && synced.Add(status.Device))
            {
                Posix.SyncFileSystem(places.Find(path).Directory);
            }
        }
    }

    public void Dispose() => places.Dispose();

    /// <summary>Does one step, unless it is done.</summary>
    public void Do(RestoreStep step)
    {
        switch (step)
        {
            case ExchangeStep exchange:
                Do(exchange);
                break;
            case MoveStep move:
                Do(move);
                break;
            case MakeDirectoryStep make:
                Make(make.Path, make.Meta, keepsTime: false);
                break;
            case RemoveDirectoryStep remove:
                if (remove.What.Is(places.StatusOrNull(remove.Path)))
                {
                    RemoveDirectory(remove.Path);
                }

                break;
            case SetDirectoryStep set:
                Require(set.What.Is(places.StatusOrNull(set.Path)), set.Path, set.Path);
                Set(set, set.New);
                break;
            case OverwriteStep overwrite:
                Do(overwrite);
                break;
            default:
                throw new NotSupportedException(step.ToString());
        }
    }

    /// <summary>Takes one step back, if it is done.</summary>
    public void TakeBack(RestoreStep step)
    {
        switch (step)
        {
            case ExchangeStep exchange:
                TakeBack(exchange);
                break;
            case MoveStep move:
                TakeBack(move);
                break;
            case MakeDirectoryStep make:
                Unmake(make);
                break;
            case RemoveDirectoryStep remove:
                if (!remove.What.Is(places.StatusOrNull(remove.Path)))
                {
                    Make(remove.Path, remove.Meta, keepsTime: true);
                }

                break;
            case SetDirectoryStep set:
                if (set.What.Is(places.StatusOrNull(set.Path)))
                {
                    Set(set, set.Old);
                }

                break;
            case OverwriteStep overwrite:
                TakeBack(overwrite);
                break;
            default:
                throw new NotSupportedException(step.ToString());
        }
    }

    private static byte[][] Paths(RestoreStep step) => step switch
    {
        ExchangeStep exchange => [exchange.Path, exchange.Fresh],
        MoveStep move => [move.From, move.To],
        MakeDirectoryStep make => [make.Path],
        RemoveDirectoryStep remove => [remove.Path],
        SetDirectoryStep set => [set.Path],
        OverwriteStep overwrite => [overwrite.Path, overwrite.Kept],
        _ => throw new NotSupportedException(step.ToString()),
    };

    private static void Require(bool isAsExpected, byte[] one, byte[] other)
    {
        if (!isAsExpected)
        {
            var (first, second) = (Encoding.UTF8.GetString(one), Encoding.UTF8.GetString(other));
            throw UserError.Failed(
                first == second ? $"{first} is not what it was when the restore began" : $"{first} or {second} is not what it was when the restore began",
                "somebody changed it meanwhile, so it was left as it is; look at both, put back what belongs there, and repeat the command");
        }
    }

    private void Do(ExchangeStep step)
    {
        var there = places.StatusOrNull(step.Path);
        if (!step.New.Is(there))
        {
            Require(step.Old.Is(there) && step.New.Is(places.StatusOrNull(step.Fresh)), step.Path, step.Fresh);
            Rename(step.Path, step.Fresh, RenameHow.Exchange);
        }
    }

    private void TakeBack(ExchangeStep step)
    {
        var there = places.StatusOrNull(step.Path);
        if (!step.Old.Is(there))
        {
            Require(step.New.Is(there) && step.Old.Is(places.StatusOrNull(step.Fresh)), step.Path, step.Fresh);
            Rename(step.Path, step.Fresh, RenameHow.Exchange);
        }
    }

    private void Do(MoveStep step)
    {
        var there = places.StatusOrNull(step.To);
        if (!step.What.Is(there))
        {
            Require(there is null && step.What.Is(places.StatusOrNull(step.From)), step.To, step.From);
            MoveTo(step.From, step.To);
        }
    }

    private void TakeBack(MoveStep step)
    {
        var before = places.StatusOrNull(step.From);
        if (step.What.Is(places.StatusOrNull(step.To)))
        {
            Require(before is null, step.From, step.To);
            MoveTo(step.To, step.From);
            return;
        }

        // Something is there where it was before: the step was not reached. Nothing is: it is lost.
        Require(before is not null, step.From, step.To);
    }

    /// <summary>What it holds is copied first, and the copy gets its name when it is on disk: from then on the file may be written to.</summary>
    private void Do(OverwriteStep step)
    {
        Require(step.What.Is(places.StatusOrNull(step.Path)), step.Path, step.Fresh);
        if (places.StatusOrNull(step.Kept) is null)
        {
            byte[] copy = [.. step.Fresh, .. "~"u8];
            Copy(step.Path, copy);
            Rename(copy, step.Kept, RenameHow.Replace);
            Sync([step]);
        }

        Copy(step.Fresh, step.Path);
    }

    private void TakeBack(OverwriteStep step)
    {
        if (places.StatusOrNull(step.Kept) is not null)
        {
            Require(step.What.Is(places.StatusOrNull(step.Path)), step.Path, step.Kept);
            Copy(step.Kept, step.Path);
            var (directory, name) = places.Find(step.Kept);
            Posix.Remove(directory, name);
        }
    }

    private void MoveTo(byte[] from, byte[] to)
    {
        try
        {
            Rename(from, to, RenameHow.Refuse);
        }
        catch (PosixError e) when (e.Number == PosixError.Invalid)
        {
            // A file system that cannot refuse by itself. That nothing is there was seen a moment ago.
            Rename(from, to, RenameHow.Replace);
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            Require(false, to, from);
        }
    }

    private void Rename(byte[] from, byte[] to, RenameHow how)
    {
        var (fromDirectory, fromName) = places.Find(from);
        var (toDirectory, toName) = places.Find(to);
        Posix.Rename(fromDirectory, fromName, toDirectory, toName, how);
        // Directories that are held open by their paths may be elsewhere now.
        places.Forget();
    }

    private void Make(byte[] path, DirectoryMeta meta, bool keepsTime)
    {
        if (places.StatusOrNull(path) is { } there)
        {
            Require(there.IsDirectory, path, path);
            return;
        }

        var (directory, name) = places.Find(path);
        Posix.MakeDirectory(directory, name, 0x1C0);
        using var made = Posix.OpenDirectory(directory, name);
        SetOwnerAndMode(made, meta);
        if (keepsTime)
        {
            Posix.SetModified(made, meta.Modified);
        }
    }

    private void Unmake(MakeDirectoryStep step)
    {
        if (places.StatusOrNull(step.Path) is not { IsDirectory: true })
        {
            return;
        }

        try
        {
            RemoveDirectory(step.Path);
        }
        catch (PosixError e) when (e.Number is PosixError.NotEmpty or PosixError.Exists)
        {
            LeftOver.Add(Encoding.UTF8.GetString(step.Path));
        }
    }

    private void RemoveDirectory(byte[] path)
    {
        var (directory, name) = places.Find(path);
        Posix.Remove(directory, name, directory: true);
        places.Forget();
    }

    private void Set(SetDirectoryStep step, DirectoryMeta meta)
    {
        var (above, name) = places.Find(step.Path);
        using var directory = Posix.OpenDirectory(above, name);
        SetOwnerAndMode(directory, meta);
        Posix.SetModified(directory, meta.Modified);
    }

    private static void SetOwnerAndMode(SafeFileHandle directory, DirectoryMeta meta)
    {
        var now = Posix.Status(directory);
        if (Posix.IsRoot && (now.Uid != meta.Uid || now.Gid != meta.Gid))
        {
            Posix.SetOwner(directory, [], meta.Uid, meta.Gid);
        }

        // Before the mode, of which a part is the ACL's mask.
        if (meta.Attributes is { } attributes)
        {
            DirectoryAttributes.Apply(directory, attributes);
        }

        if (Posix.Status(directory).Permissions != meta.Mode)
        {
            Posix.SetMode(directory, meta.Mode);
        }
    }

    /// <summary>Writes a file's content, mode and owner into another that stays the same file.</summary>
    private void Copy(byte[] from, byte[] to)
    {
        var (fromDirectory, fromName) = places.Find(from);
        using var source = Posix.OpenToRead(fromDirectory, fromName);
        var (toDirectory, toName) = places.Find(to);
        using var target = Posix.OpenOrCreate(toDirectory, toName, 0x180);
        var status = Posix.Status(source);
        Require(status.IsRegular && Posix.Status(target).IsRegular, from, to);
        var buffer = new byte[CopyBytes];
        var at = 0L;
        for (int n; (n = Posix.ReadAt(source, buffer, at)) > 0; at += n)
        {
            Posix.WriteAt(target, buffer.AsSpan(0, n), at);
        }

        Posix.Truncate(target, at);
        SetOwnerAndMode(target, DirectoryMeta.Of(status));
        Posix.SetModified(target, status.Modified);
        Posix.Sync(target);
    }
}
