using System.Runtime.InteropServices;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> about the machine: units, what starts the runs, clock, time zone, libraries.</summary>
internal sealed class DoctorMachine(Surroundings around, DoctorReport report, Settings? settings)
{
    private const string Zones = "/usr/share/zoneinfo";
    private const string LocalTime = "/etc/localtime";

    private static readonly string[] Libraries = ["libcrypto.so.3", "libssl.so.3"];

    public void Look()
    {
        LookAtUnits();
        LookAtStart();
        LookAtClock();
        LookAtZone();
        LookAtLibraries();
    }

    private void LookAtUnits()
    {
        if (UnitFiles.Read(ServiceSandbox.Unit) is not { } unit)
        {
            report.Skip("units", $"{ServiceSandbox.Unit} is not installed here");
            return;
        }

        if (settings is null || !ServiceReach.IsServices(around))
        {
            report.Ok("units", $"{ServiceSandbox.Unit} is installed");
            return;
        }

        var (unmet, _) = ServiceReach.Of(settings, unit);
        foreach (var place in unmet)
        {
            report.Fail("sandbox", $"{ServiceSandbox.Unit} cannot reach {place}", ServiceSandbox.MendingCommand);
        }

        if (unmet.Count == 0)
        {
            report.Ok("sandbox", $"{ServiceSandbox.Unit} reaches all places that the configuration names");
        }
    }

    private void LookAtStart()
    {
        const string name = "timer";
        if (!Systemd.IsRunning)
        {
            report.Skip("systemd", "it does not run here: whether anything starts the runs was not looked at");
            return;
        }

        switch (Systemd.States([Systemd.Timer, Systemd.Scheduler], around.Stop))
        {
            case null:
                report.Warn(name, "systemd does not answer", $"systemctl status {Systemd.Timer}");
                break;
            case [_, { IsActive: true }]:
                report.Ok(name, $"{Systemd.Scheduler} starts the runs");
                break;
            case [{ IsInstalled: false }, _]:
                report.Warn(name, $"{Systemd.Timer} is not installed: no run begins by itself", "sudo apt install --reinstall vertex-ar-backup");
                break;
            case [{ IsEnabled: false }, _]:
                report.Warn(name, "it is not enabled: no run begins by itself", StatusVerb.EnableTimer);
                break;
            case [{ IsActive: false }, _]:
                report.Warn(name, "it is not running: no run begins by itself", StatusVerb.EnableTimer);
                break;
            case var states:
                report.Ok(name, states[0].Next is { } next ? $"enabled; the next run is {Units.Age(around.Clock.GetUtcNow() - next)}" : "enabled");
                break;
        }
    }

    private void LookAtClock()
    {
        const string name = "clock";
        var now = around.Clock.GetUtcNow();
        if (WrongClock.IsBeforeThisProgram(now))
        {
            report.Fail(name, $"it says {now:yyyy-MM-dd}, which is before this program was made", WrongClock.Mend);
        }
        else if (Systemd.IsRunning && Systemd.IsClockSynchronized(around.Stop) == false)
        {
            report.Warn(name, "no time server sets it", "sudo timedatectl set-ntp true");
        }
        else
        {
            report.Ok(name, $"{now:yyyy-MM-dd HH:mm} UTC");
        }
    }

    private void LookAtZone()
    {
        const string name = "time zone";
        if (!Directory.Exists(Zones))
        {
            report.Warn(name, $"there is no {Zones}: all times are taken for UTC", "sudo apt install tzdata");
        }
        else if (new FileInfo(LocalTime) is { LinkTarget: not null, Exists: false })
        {
            report.Warn(name, $"{LocalTime} leads nowhere: all times are taken for UTC", "sudo timedatectl set-timezone Etc/UTC");
        }
        else
        {
            report.Ok(name, TimeZoneInfo.Local.Id);
        }
    }

    private void LookAtLibraries()
    {
        const string name = "libraries";
        var notify = settings?.Notify;
        var speaksTls = notify?.Telegram is not null || notify?.WebhookUrl is not null || notify?.HealthcheckUrl is not null;
        if (Libraries.All(library => NativeLibrary.TryLoad(library, out _)))
        {
            report.Ok(name, "OpenSSL loads");
        }
        else
        {
            report.Fail(name, "OpenSSL 3 does not load, which every backup needs for its checksums, and notifications for TLS", "sudo apt install libssl3");
        }

        if (speaksTls && !File.Exists("/etc/ssl/certs/ca-certificates.crt"))
        {
            report.Warn(name, "there are no certificates to know a server by", "sudo apt install ca-certificates");
        }
    }
}
