using System.Text;
using Microsoft.Data.Sqlite;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> about what is to be saved: databases are opened, and files of trees, up to a number of them.</summary>
internal sealed class DoctorSources(Surroundings around, DoctorReport report, ServiceIdentity service, Settings settings)
{
    private const int FilesTried = 20_000;
    private const int UnreadableNamed = 3;
    private const int ReadableForGroup = 0x20;
    private const int Busy = 5;
    private const int Locked = 6;

    private readonly ForeignPlaces places = ForeignPlaces.Find([settings.BackupDir, .. settings.SecondPlaces], SourcePlaces.Of(settings));

    private readonly PlaceWatch watch = StateDirectory.Watch(around, settings.BackupDir);

    public void Look()
    {
        foreach (var database in settings.Databases)
        {
            LookAt(database);
        }

        foreach (var tree in settings.Storage)
        {
            around.Stop.ThrowIfCancellationRequested();
            LookAt(tree);
        }

        LookAtOverlaps();
    }

    private void LookAtOverlaps()
    {
        const string name = "sources";
        foreach (var overlap in SourceOverlaps.Find(settings.BackupDir, SourcePlaces.Of(settings), settings.SecondPlaces))
        {
            if (overlap.IsError)
            {
                report.Fail(name, overlap.Text, $"sudo {CommandTable.Program} config check");
            }
            else if (overlap.IsWarning && (overlap.Kind != OverlapKind.BackupsInTree || settings.Offsite is null))
            {
                report.Warn(name, overlap.Text, $"man {CommandTable.Program}.json");
            }
            else
            {
                report.Ok(name, overlap.Text);
            }
        }
    }

    private void LookAt(DatabaseSetting database)
    {
        var name = $"database '{database.Name}'";
        var options = new DatabaseOptions(database.Name, database.Path, TimeSpan.FromSeconds(settings.LockTimeoutSeconds));
        var directory = Path.GetDirectoryName(options.File) ?? "/";
        if (!DoctorTrials.IsReached(report, name, database.Path))
        {
            return;
        }

        try
        {
            watch.Require(PlaceWatch.Database(database.Name), database.Path);
            var source = new SqliteSource(options, around.Clock);
            var log = source.LookForLog();
            source.Probe(around.Stop);
            if (Posix.Refusal(directory, AccessKind.Fill) is { } refusal)
            {
                report.Warn(
                    name, $"it opens, but {directory} is not writable for {service.User} ({refusal.Message}), which a database in WAL mode needs",
                    WriteAccess(directory));
            }
            else if (log is { } trouble)
            {
                report.Warn(name, $"{options.Place} opens, but {trouble.Reason}", $"sudo find / -samefile {ShellWord.Of(options.File)}");
            }
            else
            {
                report.Ok(name, $"{options.Place} opens{(source.File == options.File ? "" : $" as {source.File}, where its log is")}");
            }
        }
        catch (UserError e) when (e.InnerException is SqliteException { SqliteErrorCode: Busy or Locked })
        {
            report.Warn(name, $"{options.Place} is locked just now", $"fuser -v {ShellWord.Of(options.File)}");
        }
        catch (UserError e)
        {
            report.Fail(name, e.Message, IsRefused(e.InnerException) ? WriteAccess(directory) : e.Hint);
        }
    }

    private static bool IsRefused(Exception? cause) => cause is PosixError { Number: PosixError.AccessDenied } or SqliteException { SqliteErrorCode: 3 or 8 or 14 };

    private void LookAt(StorageSetting tree)
    {
        var name = $"storage '{tree.Name}'";
        var options = new TreeOptions(tree.Name, tree.Path, tree.Exclude, tree.OneFileSystem);
        if (!DoctorTrials.IsReached(report, name, tree.Path))
        {
            return;
        }

        try
        {
            watch.RequireTree(tree.Name, tree.Path, () => new TreeMounts(options, places));
            if (service.ReadsEverything)
            {
                DirectorySource.Check(options);
                report.Ok(name, $"{options.Place} is there, and {service.User} reads every file, whoever owns it");
                return;
            }

            if (options.IsFile)
            {
                DirectorySource.Check(options);
                report.Ok(name, $"{options.Place} can be read");
                return;
            }

            var (files, unreadable, closed) = Walk(options);
            if (unreadable.Count > 0)
            {
                report.Fail(
                    name,
                    $"{service.User} may not read {Units.Count(unreadable.Count, "place")}, among them {string.Join(", ", unreadable.Take(UnreadableNamed))}",
                    ReadAccess(options, closed, unreadable.Count));
            }
            else
            {
                report.Ok(name, files < FilesTried ? $"{options.Place}: all of {Units.Count(files, "file")} can be read" : $"{options.Place}: the first {Units.Count(files, "file")} can be read");
            }
        }
        catch (UserError e)
        {
            report.Fail(name, e.Message, IsRefused(e.InnerException) ? ReadAccess(options) : e.Hint);
        }
        catch (PosixError e)
        {
            report.Fail(name, $"{options.Place} cannot be read: {e.Message}", "journalctl -k");
        }
    }

    /// <summary>Tries to open files, since what a mode says and what access lists and file systems allow are not the same.</summary>
    private (int Files, List<string> Unreadable, List<WalkedEntry> Closed) Walk(TreeOptions tree)
    {
        var (files, unreadable, closed) = (0, new List<string>(), new List<WalkedEntry>());
        foreach (var entry in new DirectorySource(tree, places).Walk().Where(entry => entry.Foreign is null))
        {
            around.Stop.ThrowIfCancellationRequested();
            if (entry.Problem is { IsLoss: true } problem)
            {
                unreadable.Add($"{Encoding.UTF8.GetString(entry.Path)} ({problem.Reason})");
            }
            else if (entry.Problem is null && entry.Status.IsRegular)
            {
                files++;
                if (!CanOpen(entry))
                {
                    closed.Add(entry);
                    unreadable.Add(Encoding.UTF8.GetString(entry.Path));
                }
            }

            if (files >= FilesTried)
            {
                break;
            }
        }

        return (files, unreadable, closed);
    }

    private static bool CanOpen(WalkedEntry entry)
    {
        try
        {
            using var _ = entry.Open();
            return true;
        }
        catch (PosixError e)
        {
            return e.Number is not (PosixError.AccessDenied or PosixError.NotPermitted);
        }
    }

    /// <summary>The narrowest way that helps: the group that may read the first of them, else an access list (package acl), of a few files or of all.</summary>
    private string ReadAccess(TreeOptions tree, List<WalkedEntry> closed, int unreadable) =>
        closed is [var first, ..] && first.Status.Gid != 0 && (first.Status.Permissions & ReadableForGroup) != 0 && Accounts.GroupName(first.Status.Gid) is { } group
            ? $"sudo usermod -aG {group} {service.User}"
            : closed.Count == unreadable && unreadable <= UnreadableNamed
            ? $"sudo setfacl -m u:{service.User}:r {string.Join(' ', closed.Select(entry => ShellWord.Of(Path.Combine(tree.Top, Encoding.UTF8.GetString(entry.Path)[(tree.Name.Length + 1)..]))))}"
            : ReadAccess(tree.Path);

    private string ReadAccess(string path) => $"sudo setfacl -R -m u:{service.User}:rX,d:u:{service.User}:rX {ShellWord.Of(path)}";

    /// <summary>To a tree's top, or to the one file that it is.</summary>
    private string ReadAccess(TreeOptions tree) =>
        tree.IsFile ? $"sudo setfacl -m u:{service.User}:r {ShellWord.Of(tree.Top)}" : ReadAccess(tree.Path);

    private string WriteAccess(string directory) =>
        $"sudo setfacl -R -m u:{service.User}:rwX,d:u:{service.User}:rwX {ShellWord.Of(directory)}";
}
