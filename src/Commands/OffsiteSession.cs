using System.Collections;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Remote;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>What is needed to work with the second place: rclone, and a scratch directory that is gone in the end.</summary>
internal sealed class OffsiteSession : IDisposable
{
    private readonly ScratchDirectory scratch;
    private (uint Uid, uint Gid)? owner;

    private OffsiteSession(ScratchDirectory scratch, OffsiteSnapshots snapshots) => (this.scratch, Snapshots) = (scratch, snapshots);

    public OffsiteSnapshots Snapshots { get; }

    /// <summary>Lists what is there.</summary>
    /// <param name="around">The outside world.</param>
    /// <param name="setting">Where it is.</param>
    /// <param name="scratchParent">A directory to keep what is fetched in.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="backupDirectory">Remembers what was there; null where all that is there counts, since nothing is restored of it.</param>
    public static OffsiteSession Open(Surroundings around, OffsiteSetting setting, string scratchParent, RunProgress progress, string? backupDirectory)
    {
        var keys = backupDirectory is null ? null : around.Trust;
        var place = Place(setting);
        var scratch = MakeScratch(around, scratchParent);
        try
        {
            return new OffsiteSession(scratch, new OffsiteSnapshots(new Rclone(place, scratch.DirectoryPath, around.Stop), scratch.DirectoryPath, around.Clock, progress, keys, new Layout(backupDirectory ?? scratchParent)));
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The same for root, which has work of its own besides: what is done here, it does with the rights of the backup directory's owner, as it becomes that
    /// for good in other commands. What that user's rclone.conf has rclone do is not done by root.
    /// </summary>
    public static OffsiteSession OpenAsOwner(Surroundings around, OffsiteSetting setting, string backupDirectory, RunProgress progress)
    {
        var owner = Surroundings.OwnerOf(backupDirectory);
        if (owner is null)
        {
            RepositoryExposure.Refuse(backupDirectory);
        }

        _ = around.Trust; // While root may read it.
        using var acting = Accounts.ActAs(owner);
        var session = Open(around, setting, LargeScratch(backupDirectory), progress, backupDirectory);
        session.owner = owner;
        return session;
    }

    /// <summary>Does something with the rights of the owner, where it was opened so.</summary>
    public T AsOwner<T>(Func<T> work)
    {
        using var acting = Accounts.ActAs(owner);
        return work();
    }

    /// <summary>Copies of backups are kept elsewhere than the backups: what the rules there remove would be removed here.</summary>
    /// <exception cref="UserError">A directory of the second place, or one in it, is that of the backups.</exception>
    public static void RefuseBackups(string backupDirectory, IReadOnlyList<string> directories)
    {
        var own = Parts(backupDirectory).ToHashSet();
        if (directories.FirstOrDefault(directory => own.Overlaps(Parts(directory))) is { } same)
        {
            throw UserError.Failed($"the second place {same} is the backup directory {backupDirectory} itself, or shares snapshots or packs with it", "choose another directory for 'offsite.remote', best on another machine");
        }

        static IEnumerable<(ulong Device, ulong Inode)> Parts(string directory)
        {
            var layout = new Layout(directory);
            return new[] { layout.Root, layout.Snapshots, layout.Packs }.Select(Posix.StatusOrNull).OfType<FileStatus>().Select(status => (status.Device, status.Inode));
        }
    }

    /// <summary>Where to keep small things for a while: in the backup directory if it is there and ours, else among temporary files.</summary>
    public static string SmallScratch(string backupDirectory)
    {
        var staging = new Layout(backupDirectory).Staging;
        return Directory.Exists(staging) && Posix.Refusal(staging, AccessKind.Fill) is null && RepositoryExposure.TryHold(backupDirectory) ? staging : Path.GetTempPath();
    }

    /// <summary>Where to keep what is restored from: beside the backups, which are made room for.</summary>
    /// <exception cref="UserError">The backup directory does not exist (exit code 10), or is not ours to fill.</exception>
    public static string LargeScratch(string backupDirectory)
    {
        if (!Directory.Exists(backupDirectory))
        {
            throw new UserError(
                ExitCode.NoRepository, $"the backup directory {backupDirectory} does not exist, and what is fetched is kept there for a while",
                $"make it: install -d -m 0750 {backupDirectory}; or name another directory with --backup-dir");
        }

        var staging = new Layout(backupDirectory).Staging;
        try
        {
            AtomicFile.EnsureOwnDirectory(staging);
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(backupDirectory, e);
        }

        return staging;
    }

    public static RemotePlace Place(OffsiteSetting setting)
    {
        if (setting.Rclone.Contains('/', StringComparison.Ordinal))
        {
            RefuseAsRoot("the program", setting.Rclone);
        }

        return new RemotePlace
        {
            Remote = setting.Remote,
            ConfigFile = ConfigFile(setting),
            Program = setting.Rclone,
            LimitMbPerS = setting.LimitMbPerS,
            Transfers = setting.Transfers,
            Patience = TimeSpan.FromSeconds(setting.TimeoutSeconds),
            Environment = RcloneEnvironment.Choose(Variables(), directory => Posix.Refusal(directory, AccessKind.List) is null),
        };
    }

    public static RetentionRules? Rules(OffsiteSetting setting) => !setting.Deletes
        ? null
        : new RetentionRules(setting.MaxBackups ?? 0, setting.Keep.Daily, setting.Keep.Weekly, setting.Keep.Monthly, setting.Keep.Yearly);

    public void Dispose()
    {
        using var acting = Accounts.ActAs(owner);
        scratch.Dispose();
    }

    /// <summary>rclone takes a file that is missing for an empty one, and would say that there is no such remote.</summary>
    private static string? ConfigFile(OffsiteSetting setting)
    {
        var file = setting.RcloneConfig;
        RefuseAsRoot("rclone's configuration", file);
        return Posix.Refusal(file, AccessKind.Read) switch
        {
            null => file,
            { Number: PosixError.NotFound } when file == OffsiteSetting.DefaultConfig => null,
            { Number: PosixError.NotFound } => throw UserError.Usage($"rclone's configuration {file} does not exist", $"make it, with: rclone --config {file} config"),
            var refusal => throw UserError.Failed(
                $"rclone's configuration {file} may not be read: {refusal.Message}", "run as root, or as the owner of the backup directory; that user must be able to read it in any case: chown root:vertex-ar, chmod 640"),
        };
    }

    /// <summary>Root is here only where the backup directory is root's own, and then nobody else may have a say in what rclone does.</summary>
    private static void RefuseAsRoot(string what, string file)
    {
        if (Posix.IsRoot && Posix.StatusOrNull(file) is not null && Exposure.Find(Path.GetFullPath(file), 0) is { } exposed)
        {
            throw UserError.Failed(
                $"{what} {file} is not used by root, whom others could have run commands: {exposed.Sentence}",
                "give it and the directories above it to root: chown root, chmod go-w; or let the backup directory belong to the user who writes it");
        }
    }

    private static ScratchDirectory MakeScratch(Surroundings around, string parent)
    {
        try
        {
            // Where another machine has one, in a repository that is shared, no kernel lock tells of it.
            _ = Lease.HasScratchUsers(new Layout(Path.GetDirectoryName(parent) ?? parent), around.Clock.GetUtcNow()) ? [] : ScratchDirectory.RemoveOrphans(parent);
            return ScratchDirectory.Make(parent, ScratchKind.Offsite, around.Clock.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UserError.Failed($"nothing can be kept in {parent}: {e.Message}", "run as root or as the owner of the backup directory", e);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Variables()
    {
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            yield return new((string)variable.Key, (string?)variable.Value ?? "");
        }
    }
}
