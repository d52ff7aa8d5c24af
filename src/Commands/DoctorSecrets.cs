using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> about files that hold secrets: the service reads them, and nobody else.</summary>
internal sealed class DoctorSecrets(Surroundings around, DoctorReport report, ServiceIdentity service, Settings? settings)
{
    private const int Others = 4;

    private readonly string file = SettingsFile.Name(around.Options.ConfigFile, around.Environment);
    private readonly bool wasRoot = Posix.IsRoot;

    private NotifySetting? Notify => settings?.Notify;

    public void LookAsService()
    {
        LookAt("configuration file", file, Notify?.WebhookUrl is not null || Notify?.HealthcheckUrl is not null, optional: true);
        if (ServiceReach.IsServices(around))
        {
            LookForOthers("environment file", ServiceEnvironment.File, Notify?.Telegram?.Token is not null);
        }

        if (settings?.Signing?.KeyFile is { } key)
        {
            LookAtSigningKey(key);
        }

        if (Notify is not null)
        {
            LookAtChannels(Notify);
        }
    }

    private void LookAtSigningKey(string file)
    {
        const string name = "signing key";
        try
        {
            report.Ok(name, $"snapshots are signed with {file}, {SigningKey.Read(file).Public.Fingerprint}");
        }
        catch (UserError e)
        {
            report.Fail(name, e.Message, e.Hint);
        }
    }

    private void LookAtChannels(NotifySetting notify)
    {
        string?[] channels =
        [
            notify.Telegram is null ? null : "Telegram", notify.WebhookUrl is null ? null : "a webhook",
            notify.HealthcheckUrl is null ? null : "a healthcheck", notify.Mail is null ? null : "mail",
        ];
        var names = string.Join(", ", channels.OfType<string>());
        report.Ok("notifications", names.Length > 0 ? $"configured: {names}" : "none configured: failures are in the journal, and mailed if there is a sendmail");
        if (notify.Telegram is { } telegram)
        {
            LookAtToken(telegram);
        }

        if (notify.Mail is { } mail && Posix.Refusal(mail.Sendmail, AccessKind.Execute) is { } refusal)
        {
            report.Fail("notifications", $"the mail program {mail.Sendmail} cannot be run: {refusal.Message}", "sudo apt install msmtp-mta");
        }
    }

    private void LookAtToken(TelegramSetting telegram)
    {
        if (telegram.TokenFile is { } token)
        {
            LookAt("token file", token, holdsSecret: true, optional: false);
        }
        else if (telegram.Token is null && around.BotCredential is null && wasRoot)
        {
            report.Fail(
                "notifications", $"Telegram has no bot token: no 'token_file', no variable, no {BotToken.Stored}",
                $"sudo install -D -m 600 /dev/stdin {BotToken.Stored}");
        }
    }

    /// <param name="name">Of the check.</param>
    /// <param name="path">The file.</param>
    /// <param name="holdsSecret">Nobody else may read it.</param>
    /// <param name="optional">It need not exist.</param>
    public void LookAt(string name, string path, bool holdsSecret, bool optional)
    {
        var refusal = Posix.Refusal(path, AccessKind.Read);
        if (refusal is null)
        {
            LookForOthers(name, path, holdsSecret);
        }
        else if (refusal.Number != PosixError.NotFound)
        {
            report.Fail(
                name, $"{service.User} may not read {path}: {refusal.Message}",
                $"sudo chown root:{service.Group} {ShellWord.Of(path)} && sudo chmod 640 {ShellWord.Of(path)}");
        }
        else if (optional)
        {
            report.Ok(name, $"there is no {path}: the defaults are in force");
        }
        else
        {
            report.Fail(name, $"{path} does not exist", $"sudo install -D -o root -g {service.Group} -m 640 /dev/stdin {ShellWord.Of(path)}");
        }
    }

    private void LookForOthers(string name, string path, bool holdsSecret)
    {
        if (!holdsSecret || Status(path) is not { } status)
        {
            return;
        }

        if ((status.Permissions & Others) != 0)
        {
            report.Warn(name, $"{path} holds a secret, and everybody may read it", $"sudo chmod o-rwx {ShellWord.Of(path)}");
        }
        else
        {
            report.Ok(name, $"{path} holds a secret, and not everybody may read it");
        }
    }

    private static FileStatus? Status(string path)
    {
        try
        {
            return Posix.StatusOrNull(path);
        }
        catch (PosixError)
        {
            return null;
        }
    }
}
