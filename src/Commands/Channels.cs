using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;

namespace VertexAr.Backup.Commands;

/// <summary>The channels that a configuration names.</summary>
internal static class Channels
{
    /// <param name="around">Holds the token, or knows where it is.</param>
    /// <param name="notify">The configuration.</param>
    public static List<IChannel> Open(Surroundings around, NotifySetting notify)
    {
        var channels = new List<IChannel>();
        if (notify.Telegram is { } telegram)
        {
            channels.Add(new TelegramChannel(telegram.ApiUrl, telegram.ChatId, BotToken.Choose(telegram.Token?.Value, telegram.TokenFile, around.BotCredential)));
        }

        if (notify.WebhookUrl is { } webhook)
        {
            channels.Add(new WebhookChannel(webhook.Value));
        }

        if (notify.HealthcheckUrl is { } healthcheck)
        {
            channels.Add(new HealthcheckChannel(healthcheck.Value));
        }

        if (notify.Mail is { } mail)
        {
            channels.Add(new MailChannel(mail.To, mail.Sendmail));
        }

        return channels;
    }

    /// <summary>Sends a message to all of them, to see whether it arrives; none if none is configured.</summary>
    public static IReadOnlyList<Told> Test(Surroundings around, Settings settings) =>
        Tell(around, Open(around, settings.Notify), Compose("a test", "Nothing happened; this message only shows that messages arrive.", HealthSign.Note));

    public static IReadOnlyList<Told> Tell(Surroundings around, IReadOnlyList<IChannel> channels, Message message) =>
        Telling.Tell(channels, message, PatienceLimits.Usual, around.Clock, around.Stop);

    /// <summary>A message that is about no run.</summary>
    public static Message Compose(string subject, string text, HealthSign sign)
    {
        var host = System.Environment.MachineName;
        var tool = $"{CommandTable.Program} {VersionVerb.Version}";
        return new Message(
            host, tool, $"{CommandTable.Program} on {host}: {Printable.Escape(subject)}",
            string.Join('\n', text.TrimEnd().Split('\n').Select(line => Printable.Escape(line.TrimEnd('\r')))), sign);
    }
}
