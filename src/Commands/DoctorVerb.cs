using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary>
/// <c>doctor</c>: whether the next run will work, one line a check. Run by root it reads what only root may, and then becomes
/// the service's user for good: whatever it finds after that is as the service will find it.
/// </summary>
internal static class DoctorVerb
{
    public static ExitCode Run(Surroundings around, DoctorCommand command)
    {
        var report = Examine(around, command.Notify);
        foreach (var check in report.Checks.Where(check => !around.Options.Quiet || check.State is CheckState.Warning or CheckState.Failed))
        {
            Print(around.Output, check);
        }

        Sum(around, report);
        return report.HasFailed ? ExitCode.Failed : ExitCode.Done;
    }

    private static DoctorReport Examine(Surroundings around, bool notify)
    {
        var report = new DoctorReport();
        var whole = ServiceReach.IsServices(around) ? around with { Environment = ServiceEnvironment.Over(around.Environment) } : around;
        var settings = LoadSettings(whole, report);
        var service = ServiceIdentity.Find(settings?.BackupDir);
        var secrets = new DoctorSecrets(whole, report, service, settings);
        _ = whole.BotCredential; // While root may read it.
        whole.LearnTrust();
        foreach (var (text, advice) in RestoreRestVerb.Find(settings).Select(RestoreRestVerb.Describe).OfType<(string, string)>())
        {
            report.Fail("restore", text, advice);
        }

        if (settings is not null)
        {
            new DoctorTrials(whole, report).TryTargets(settings);
            foreach (var file in ExposedFiles.Of(whole, settings))
            {
                // Others' is only what root's own runs obey.
                Action<string, string, string?> say = file.StopsRoot && service.User == "root" ? report.Fail : report.Warn;
                say("exposed", file.Sentence, file.Mending);
            }
        }

        if (!Identify(service, report))
        {
            return report;
        }

        secrets.LookAsService();
        if (settings is not null)
        {
            new DoctorSources(whole, report, service, settings).Look();
            new DoctorPlaces(whole, report, service, settings).Look();
        }

        if (settings?.Offsite is { } offsite)
        {
            new DoctorOffsite(whole, report, secrets, offsite, StateDirectory.Watch(whole, settings.BackupDir, accept: OffsitePushVerb.Accept)).Look();
        }

        new DoctorMachine(whole, report, settings).Look();
        if (notify && settings is not null)
        {
            Tell(whole, report, settings);
        }

        return report;
    }

    private static Settings? LoadSettings(Surroundings around, DoctorReport report)
    {
        const string name = "configuration";
        try
        {
            var settings = around.LoadSettings();
            report.Ok(name, $"{SettingsFile.Name(around.Options.ConfigFile, around.Environment)}: {Units.Count(settings.Databases.Count, "database")}, "
                + $"{Units.Count(settings.Storage.Count, "storage tree")}, backups in {settings.BackupDir}");
            foreach (var (key, sentence, hint) in UnnamedSources.Of(settings))
            {
                report.Warn(key, sentence, hint);
            }

            return settings;
        }
        catch (UserError e)
        {
            foreach (var line in e.Message.Split('\n'))
            {
                report.Fail(name, line, e.Hint ?? $"sudo {CommandTable.Program} config check");
            }

            return null;
        }
    }

    /// <summary>Sends a message on each channel: what arrives is the only proof.</summary>
    private static void Tell(Surroundings around, DoctorReport report, Settings settings)
    {
        foreach (var told in Channels.Test(around, settings))
        {
            if (told.Problem is { } problem)
            {
                report.Fail("notifications", $"{told.Channel} was not told: {problem}", $"sudo {CommandTable.Program} notify test");
            }
            else
            {
                report.Ok("notifications", $"{told.Channel} took a test message");
            }
        }

        around.Stop.ThrowIfCancellationRequested();
    }

    private static bool Identify(ServiceIdentity service, DoctorReport report)
    {
        const string name = "user";
        if (!service.Become())
        {
            report.Fail(
                name, $"there is no user '{service.User}' for the service to run as, and nothing more can be checked for it",
                $"sudo useradd --system --user-group --home-dir /opt/vertex-ar --shell /usr/sbin/nologin {service.User}");
            return false;
        }

        var user = Accounts.UserText(Posix.EffectiveUser);
        if (user != service.User)
        {
            report.Fail(name, $"backups are made as {service.User}, and {user} cannot try what that user may do", $"sudo {CommandTable.Program} doctor");
            return false;
        }

        report.Ok(name, $"what follows was tried with the rights of {user}, as whom backups are made");
        return true;
    }

    private static void Print(Output output, Check check)
    {
        check = check with { Text = output.Offered.Complete(check.Text), Mend = check.Mend is { } advice ? output.Offered.Complete(advice) : null };
        if (output.Json)
        {
            output.Record("check", json =>
            {
                json.WriteString("name", check.Name);
                json.WriteString("state", check.State.Word());
                json.WriteString("text", check.Text);
                json.WriteString("mend", check.Mend);
            });
            return;
        }

        output.Line($"{check.State.Word(),-8} {check.Name}: {check.Text}");
        if (check.Mend is { } mend)
        {
            output.Line($"             {mend}");
        }
    }

    private static void Sum(Surroundings around, DoctorReport report)
    {
        var (failed, warnings) = (report.Checks.Count(check => check.State == CheckState.Failed), report.Checks.Count(check => check.State == CheckState.Warning));
        if (around.Output.Json)
        {
            around.Output.Record("summary", json =>
            {
                json.WriteNumber("checks", report.Checks.Count);
                json.WriteNumber("warnings", warnings);
                json.WriteNumber("failed", failed);
            });
        }
        else if (!around.Options.Quiet)
        {
            around.Output.Line();
            around.Output.Line(failed + warnings == 0
                ? $"all is well: {Units.Count(report.Checks.Count, "check")}"
                : $"{Units.Count(report.Checks.Count, "check")}: {failed} failed, {Units.Count(warnings, "warning")}");
        }
    }
}
