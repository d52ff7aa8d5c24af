using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Does steps and takes them back. Whether a step is done is seen on the disk, by the inodes at its names, so both can be
/// repeated after a kill at any instant. What is done where the application was at work meanwhile is decided by
/// <see cref="RestoreDecision"/>; nothing is ever removed or overwritten but an empty directory.
/// </summary>
internal sealed class RestoreExecutor : IDisposable
{
    private readonly NamedPlaces places = new();
    private readonly RestoreAim aim;
    private readonly Action<string> say;
    private readonly MountedFile mounted;
    private readonly HashSet<string> remade = [];

    /// <param name="aim">Whether steps are done, for the first time or once more, or taken back.</param>
    /// <param name="say">Is given a sentence for whatever was not as planned.</param>
    public RestoreExecutor(RestoreAim aim, Action<string> say)
    {
        (this.aim, this.say) = (aim, say);
        mounted = new MountedFile(places, say);
    }

    /// <summary>Brings every step to where the aim has it: in order, or the last first.</summary>
    /// <exception cref="UserError">The disk was changed meanwhile.</exception>
    /// <exception cref="PosixError">The system refuses.</exception>
    public void Run(IReadOnlyList<RestoreStep> steps)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            Run(steps[aim == RestoreAim.Undo ? steps.Count - 1 - i : i]);
        }
    }

    /// <summary>Refuses before anything is done where a step cannot be done; what the steps themselves change is no reason.</summary>
    /// <exception cref="UserError">Says what is in the way, and what to do.</exception>
    public void Judge(IReadOnlyList<RestoreStep> steps)
    {
        var known = steps.SelectMany(Known).ToHashSet();
        var seen = new HashSet<string>();
        foreach (var step in steps)
        {
            foreach (var path in Paths(step))
            {
                RequireWay(path, known, seen);
            }

            if (step is ExchangeStep exchange && Choose(exchange).Move == StepMove.Refuse)
            {
                throw Gone(exchange);
            }
        }
    }

    /// <summary>Gives directories that stay their times again, which the removing of scratch changed.</summary>
    public void SetTimes(IReadOnlyList<RestoreStep> steps)
    {
        foreach (var step in steps.OfType<SetDirectoryStep>().Where(step => IsMeant(step)))
        {
            Set(step);
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
                DiskSync.FileSystem(places.Find(path).Directory);
            }
        }
    }

    public void Dispose() => places.Dispose();

    /// <summary>Brings one step to where the aim has it.</summary>
    public void Run(RestoreStep step)
    {
        switch (step)
        {
            case ExchangeStep exchange:
                Settle(() => Choose(exchange), exchange.Path, exchange.Fresh, exchange.Fresh);
                break;
            case BringStep bring:
                Settle(() => Choose(bring), bring.Path, bring.Fresh, bring.Kept);
                break;
            case KeepStep keep:
                Settle(() => Choose(keep), keep.From, keep.From, keep.Kept);
                break;
            case MakeDirectoryStep make when aim == RestoreAim.Undo:
                Unmake(make);
                break;
            case MakeDirectoryStep make:
                Make(make.Path, make.Meta, keepsTime: false);
                break;
            case RemoveDirectoryStep remove:
                Run(remove);
                break;
            case SetDirectoryStep set:
                Require(aim != RestoreAim.Run || IsMeant(set), set.Path, set.Path);
                if (IsMeant(set))
                {
                    Set(set);
                }

                break;
            case OverwriteStep overwrite when aim == RestoreAim.Undo:
                mounted.TakeBack(overwrite);
                break;
            case OverwriteStep overwrite:
                Require(aim != RestoreAim.Run || overwrite.What.Is(places.StatusOrNull(overwrite.Path)), overwrite.Path, overwrite.Fresh);
                mounted.Do(overwrite);
                break;
            default:
                throw new NotSupportedException(step.ToString());
        }
    }

    /// <summary>The places that a step is about.</summary>
    internal static byte[][] Paths(RestoreStep step) => step switch
    {
        ExchangeStep exchange => [exchange.Path, exchange.Fresh],
        BringStep bring => [bring.Path, bring.Fresh],
        KeepStep keep => [keep.From, keep.Kept],
        MakeDirectoryStep make => [make.Path],
        RemoveDirectoryStep remove => [remove.Path],
        SetDirectoryStep set => [set.Path],
        OverwriteStep overwrite => [overwrite.Path, overwrite.Kept],
        _ => throw new NotSupportedException(step.ToString()),
    };

    /// <summary>What steps expect to find somewhere.</summary>
    private static FileIdentity[] Known(RestoreStep step) => step switch
    {
        ExchangeStep exchange => [exchange.Old, exchange.New],
        BringStep bring => [bring.New],
        KeepStep keep => [keep.What],
        OverwriteStep overwrite => [overwrite.What],
        MakeDirectoryStep or RemoveDirectoryStep or SetDirectoryStep => [],
        _ => throw new NotSupportedException(step.ToString()),
    };

    private static string Text(byte[] path) => Encoding.UTF8.GetString(path);

    private static void Require(bool isAsExpected, byte[] one, byte[] other)
    {
        if (!isAsExpected)
        {
            var (first, second) = (Text(one), Text(other));
            throw UserError.Failed(
                first == second ? $"{first} is not what it was when the restore began" : $"{first} or {second} is not what it was when the restore began",
                "somebody changed it meanwhile; see that nobody works there, and restore once more");
        }
    }

    private static UserError Gone(ExchangeStep step) => UserError.Failed(
        $"what was restored for {Text(step.Path)} is not at {Text(step.Fresh)} any more, so the restore cannot be finished", "take it back with 'vertex-ar-backup restore --undo'");

    /// <summary>Every directory above a path is a directory, or is not there, or is what a step puts there.</summary>
    private void RequireWay(byte[] path, HashSet<FileIdentity> known, HashSet<string> seen)
    {
        for (var slash = path.AsSpan(1).IndexOf((byte)'/') + 1; slash > 0;)
        {
            var above = path[..slash];
            if (seen.Add(Encoding.Latin1.GetString(above)) && places.StatusOrNull(above) is { IsDirectory: false } there && !known.Contains(FileIdentity.Of(there)))
            {
                throw UserError.Failed($"{Text(above)} is not a directory any more, so {Text(path)} cannot be reached", $"nothing was changed; move {Text(above)} away, and repeat the command");
            }

            var next = path.AsSpan(slash + 1).IndexOf((byte)'/');
            slash = next < 0 ? 0 : slash + 1 + next;
        }
    }

    private StepChoice Choose(ExchangeStep step) => RestoreDecision.Exchange(aim, See(step.Path, step.Old, step.New), See(step.Fresh, step.Old, step.New));

    private StepChoice Choose(BringStep step) => RestoreDecision.Bring(aim, See(step.Path, null, step.New), See(step.Fresh, null, step.New), See(step.Kept, null, null));

    private StepChoice Choose(KeepStep step) => RestoreDecision.Keep(
        aim, See(step.From, step.What, null), See(step.Kept, step.What, null), step.IsStaged);

    private Seen See(byte[] path, FileIdentity? old, FileIdentity? restored) => places.StatusOrNull(path) is not { } there ? Seen.Nothing
        : old is { } before && before.Is(there) ? Seen.Old
        : restored is { } now && now.Is(there) ? Seen.New : Seen.Other;

    /// <summary>One rename after the other, until the step is where it should be.</summary>
    private void Settle(Func<StepChoice> choose, byte[] path, byte[] fresh, byte[] kept)
    {
        for (var choice = choose(); ; choice = choose())
        {
            Require(choice.Move != StepMove.Refuse, path, path == fresh ? kept : fresh);
            var moved = Do(choice.Move, path, fresh, kept);
            if (RestoreWords.Of(choice.Remark, Text(path), Text(fresh), Text(moved)) is { } words)
            {
                say(words);
            }

            if (choice.Move == StepMove.Nothing)
            {
                return;
            }
        }
    }

    /// <summary>Does one move.</summary>
    /// <returns>Where what was in place is now.</returns>
    private byte[] Do(StepMove move, byte[] path, byte[] fresh, byte[] kept)
    {
        switch (move)
        {
            case StepMove.Nothing or StepMove.Refuse:
                return kept;
            case StepMove.Exchange:
                Rename(path, fresh, RenameHow.Exchange);
                return fresh;
            case StepMove.FreshToPath:
                MoveTo(fresh, path);
                return fresh;
            case StepMove.PathToFresh:
                MoveTo(path, fresh);
                return fresh;
            case StepMove.PathToKept:
                MoveTo(path, kept);
                return kept;
            case StepMove.KeptToPath:
                MoveTo(kept, path);
                return kept;
            case StepMove.PathToSpare:
                var spare = RestoreNames.Spare(kept, name => places.StatusOrNull(name) is null);
                MoveTo(path, spare);
                return spare;
            default:
                throw new NotSupportedException(move.ToString());
        }
    }

    private void MoveTo(byte[] from, byte[] to)
    {
        MakeWay(to);
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
        using (ReadOnlyDirectory.Unlock(fromDirectory, fromName))
        using (how == RenameHow.Exchange ? ReadOnlyDirectory.Unlock(toDirectory, toName) : null)
        {
            Posix.Rename(fromDirectory, fromName, toDirectory, toName, how);
        }

        // Directories that are held open by their paths may be elsewhere now.
        places.Forget();
    }

    /// <summary>Directories above a place that somebody removed meanwhile, as the nearest one that is there.</summary>
    private void MakeWay(byte[] path)
    {
        var above = path[..path.AsSpan().LastIndexOf((byte)'/')];
        if (aim == RestoreAim.Run || above.Length == 0 || places.StatusOrNull(above) is not null)
        {
            return;
        }

        MakeWay(above);
        var nearest = above[..above.AsSpan().LastIndexOf((byte)'/')];
        var like = nearest.Length == 0 ? new DirectoryMeta(0x1ED, 0, 0, default) : DirectoryMeta.Of(places.StatusOrNull(nearest) ?? throw new PosixError(PosixError.NotFound));
        Make(above, like, keepsTime: false);
        remade.Add(Encoding.Latin1.GetString(above));
    }

    private void Make(byte[] path, DirectoryMeta meta, bool keepsTime)
    {
        if (places.StatusOrNull(path) is { } there)
        {
            Require(there.IsDirectory, path, path);
            return;
        }

        MakeWay(path);
        var (directory, name) = places.Find(path);
        Posix.MakeDirectory(directory, name, 0x1C0);
        using var made = Posix.OpenDirectory(directory, name);
        SetOwnerAndMode(made, meta);
        if (keepsTime)
        {
            RestoreMetadata.IfPlaceCan(() => Posix.SetModified(made, meta.Modified));
        }
    }

    private void Unmake(MakeDirectoryStep step)
    {
        if (places.StatusOrNull(step.Path) is { IsDirectory: true } && !TryRemoveDirectory(step.Path))
        {
            say($"{Text(step.Path)} was made by the restore and stays, since something is in it");
        }
    }

    private void Run(RemoveDirectoryStep step)
    {
        var isThere = step.What.Is(places.StatusOrNull(step.Path));
        if (aim == RestoreAim.Undo)
        {
            if (!isThere)
            {
                Make(step.Path, step.Meta, keepsTime: true);
            }
        }
        else if (isThere && !TryRemoveDirectory(step.Path))
        {
            Require(aim != RestoreAim.Run, step.Path, step.Path);
            throw UserError.Failed(
                $"{Text(step.Path)} is to be removed, and something was put into it since the restore was killed",
                "move what is in it elsewhere, and repeat the command; or take the restore back with 'vertex-ar-backup restore --undo'");
        }
    }

    /// <summary>False if something is in it.</summary>
    private bool TryRemoveDirectory(byte[] path)
    {
        try
        {
            var (directory, name) = places.Find(path);
            Posix.Remove(directory, name, directory: true);
            places.Forget();
            return true;
        }
        catch (PosixError e) when (e.Number is PosixError.NotEmpty or PosixError.Exists)
        {
            return false;
        }
    }

    private bool IsMeant(SetDirectoryStep step) => places.StatusOrNull(step.Path) is { IsDirectory: true } there
        && (step.What.Is(there) || remade.Contains(Encoding.Latin1.GetString(step.Path)));

    private void Set(SetDirectoryStep step)
    {
        var meta = aim == RestoreAim.Undo ? step.Old : step.New;
        var (above, name) = places.Find(step.Path);
        using var directory = Posix.OpenDirectory(above, name);
        SetOwnerAndMode(directory, meta);
        RestoreMetadata.IfPlaceCan(() => Posix.SetModified(directory, meta.Modified));
    }

    internal static void SetOwnerAndMode(SafeFileHandle directory, DirectoryMeta meta)
    {
        var now = Posix.Status(directory);
        if (Posix.IsRoot && (now.Uid != meta.Uid || now.Gid != meta.Gid))
        {
            RestoreMetadata.IfPlaceCan(() => Posix.SetOwner(directory, [], meta.Uid, meta.Gid));
        }

        // Before the mode, of which a part is the ACL's mask.
        if (meta.Attributes is { } attributes)
        {
            DirectoryAttributes.Apply(directory, attributes);
        }

        if (Posix.Status(directory).Permissions != meta.Mode)
        {
            Posix.SetModeIfPlaceCan(directory, meta.Mode);
        }
    }
}
