using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> about the second place: rclone, its configuration, and whether the place answers.</summary>
internal sealed class DoctorOffsite(Surroundings around, DoctorReport report, DoctorSecrets secrets, OffsiteSetting setting, PlaceWatch watch)
{
    private const string Name = "second place";

    // Whoever asks a doctor waits.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public void Look()
    {
        var isDefault = setting.RcloneConfig == OffsiteSetting.DefaultConfig;
        secrets.LookAt("rclone's configuration", setting.RcloneConfig, holdsSecret: true, optional: isDefault && setting.Remote.StartsWith('/'));
        RemotePlace place;
        try
        {
            place = OffsiteSession.Place(setting) with { Patience = Patience, Tries = 1 };
        }
        catch (UserError)
        {
            return; // Just told of.
        }

        LookAtHosts();
        var scratch = Directory.CreateTempSubdirectory("vertex-ar-backup-").FullName;
        try
        {
            var rclone = new Rclone(place, scratch, around.Stop);
            report.Ok("rclone", rclone.Version());
            LookThere(rclone);
        }
        catch (UserError e)
        {
            report.Fail("rclone", e.Message, e.Hint);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private void LookThere(Rclone rclone)
    {
        try
        {
            if (setting.Directory is { } directory)
            {
                if (!DoctorTrials.IsReached(report, Name, directory))
                {
                    return;
                }

                watch.RequireCopies([directory]);
                if (Directory.Exists(directory) && Posix.Refusal(directory, AccessKind.Fill) is null && !new DoctorTrials(around, report).Try(Name, directory, PlaceRole.SecondPlace))
                {
                    return;
                }
            }

            var directories = setting.FindDirectories();
            watch.RequireCopies(directories);
            OffsiteSession.RefuseBackups(around.FindBackupDirectory(), directories);
            directories.ToList().ForEach(RepositoryExposure.RefuseSecondPlace);
            rclone.Reach();
            report.Ok(Name, $"{setting.Remote} answers" + (setting.Deletes ? "" : "; nothing is ever deleted there"));
        }
        catch (UserError e)
        {
            report.Fail(Name, e.Message, e.Hint ?? $"try it as the service's user: rclone --config {ShellWord.Of(setting.RcloneConfig)} lsf {ShellWord.Of(setting.Remote)}");
        }
    }

    /// <summary>Without known hosts rclone speaks to whoever answers.</summary>
    private void LookAtHosts()
    {
        if (RcloneConfigFile.Read(setting.RcloneConfig).TrustsAnyHost(setting.Remote))
        {
            report.Warn(
                Name, "its server's key is not checked: an SFTP remote has no known_hosts_file",
                "set known_hosts_file of that remote, to a file made with: ssh-keyscan HOST, and compare its keys with the server's");
        }
    }
}
