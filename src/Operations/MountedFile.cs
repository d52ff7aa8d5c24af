using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// A file that is mounted by itself: nothing can take its name, so its content is replaced. What it holds is copied first, each
/// time, unless it is known to be elsewhere: nobody can tell content that a killed restore wrote half from what the application
/// wrote since.
/// </summary>
internal sealed class MountedFile(NamedPlaces places, Action<string> say)
{
    private const int CopyBytes = 1 << 20;

    /// <summary>Writes the restored content; what it holds now is kept.</summary>
    public void Do(OverwriteStep step)
    {
        if (!IsMounted(step))
        {
            say($"{Text(step.Path)} is not mounted any more, so it was not restored");
            return;
        }

        RestoreOtherNames.RequireNoLog(Text(step.Path));
        RemoveHalfCopy(step);
        if (places.StatusOrNull(step.Kept) is null)
        {
            CopyAside(step, step.Kept);
        }
        else if (!HaveSameContent(step.Path, step.Fresh) && !HaveSameContent(step.Path, step.Kept))
        {
            KeepWritten(step, step.Kept);
        }

        Copy(step.Fresh, step.Path);
    }

    /// <summary>Writes what it held before; what it holds now is kept unless that is what was restored.</summary>
    public void TakeBack(OverwriteStep step)
    {
        RemoveHalfCopy(step);
        if (places.StatusOrNull(step.Kept) is null)
        {
            return;
        }

        if (!IsMounted(step))
        {
            say($"{Text(step.Path)} is not mounted any more; what it held before is kept as {Text(step.Kept)}");
            return;
        }

        RestoreOtherNames.RequireNoLog(Text(step.Path));
        if (!HaveSameContent(step.Path, step.Kept))
        {
            if (!HaveSameContent(step.Path, step.Fresh))
            {
                // Where what the restore made is: that is all that stays of it then.
                KeepWritten(step, step.Fresh);
            }

            Copy(step.Kept, step.Path);
        }

        CopyMeta(step.Kept, step.Path);
        var (directory, name) = places.Find(step.Kept);
        Posix.Remove(directory, name);
    }

    private static string Text(byte[] path) => Encoding.UTF8.GetString(path);

    /// <summary>It is the same file, or another one is mounted there now.</summary>
    private bool IsMounted(OverwriteStep step) => places.StatusOrNull(step.Path) is { IsRegular: true } there
        && (step.What.Is(there) || there.MountId != places.StatusOrNull(BytePath.Above(step.Path))?.MountId);

    private void KeepWritten(OverwriteStep step, byte[] like)
    {
        var spare = RestoreNames.Spare(like, name => places.StatusOrNull(name) is null);
        CopyAside(step, spare);
        say($"{Text(step.Path)} was changed since the restore was killed; what it held is kept as {Text(spare)}");
    }

    /// <summary>The copy gets its name when it is on disk: from then on the file may be written to.</summary>
    private void CopyAside(OverwriteStep step, byte[] to)
    {
        Copy(step.Path, step.Copying);
        var (fromDirectory, fromName) = places.Find(step.Copying);
        var (toDirectory, toName) = places.Find(to);
        Posix.Rename(fromDirectory, fromName, toDirectory, toName);
        DiskSync.Directory(toDirectory);
    }

    /// <summary>What a kill left of a copy.</summary>
    private void RemoveHalfCopy(OverwriteStep step)
    {
        if (places.StatusOrNull(step.Copying) is not null)
        {
            var (directory, name) = places.Find(step.Copying);
            Posix.Remove(directory, name);
        }
    }

    private bool HaveSameContent(byte[] one, byte[] other)
    {
        using var first = OpenOrNull(one);
        using var second = OpenOrNull(other);
        if (first is null || second is null || Posix.Status(first).Size != Posix.Status(second).Size)
        {
            return false;
        }

        var (left, right) = (new byte[CopyBytes], new byte[CopyBytes]);
        for (long at = 0, size = Posix.Status(first).Size; at < size;)
        {
            var n = Posix.ReadAt(first, left, at);
            if (n != Posix.ReadAt(second, right, at) || n == 0 || !left.AsSpan(0, n).SequenceEqual(right.AsSpan(0, n)))
            {
                return false;
            }

            at += n;
        }

        return true;
    }

    private SafeFileHandle? OpenOrNull(byte[] path)
    {
        if (places.StatusOrNull(path) is not { IsRegular: true })
        {
            return null;
        }

        var (directory, name) = places.Find(path);
        return Posix.OpenToRead(directory, name);
    }

    /// <summary>Writes a file's content, mode and owner into another that stays the same file.</summary>
    private void Copy(byte[] from, byte[] to)
    {
        var (fromDirectory, fromName) = places.Find(from);
        using var source = Posix.OpenToRead(fromDirectory, fromName);
        var (toDirectory, toName) = places.Find(to);
        using (var target = Posix.OpenOrCreate(toDirectory, toName, 0x180))
        {
            var buffer = new byte[CopyBytes];
            var at = 0L;
            for (int n; (n = Posix.ReadAt(source, buffer, at)) > 0; at += n)
            {
                Posix.WriteAt(target, buffer.AsSpan(0, n), at);
            }

            Posix.Truncate(target, at);
        }

        CopyMeta(from, to);
    }

    private void CopyMeta(byte[] from, byte[] to)
    {
        var status = places.StatusOrNull(from) ?? throw new PosixError(PosixError.NotFound);
        var (directory, name) = places.Find(to);
        using var target = Posix.OpenOrCreate(directory, name, 0x180);
        var (fromDirectory, fromName) = places.Find(from);
        using var source = Posix.OpenToRead(fromDirectory, fromName);
        var meta = DirectoryMeta.Of(status);
        RestoreExecutor.SetOwnerAndMode(target, meta);
        RestoreMetadata.IfPlaceCan(() => DirectoryAttributes.Apply(target, DirectoryAttributes.Read(source)));
        // An ACL's mask is a part of it.
        Posix.SetModeIfPlaceCan(target, meta.Mode);
        Posix.SetModified(target, status.Modified);
        Posix.Sync(target);
    }
}
