namespace VertexAr.Backup.Host;

/// <summary>The token of a Telegram bot, or the reason why there is none.</summary>
internal sealed record BotToken(string? Value, string? Problem)
{
    private const string Credential = "telegram-token";
    private const int Longest = 1000;

    /// <summary>Where the units take the credential from. Only root may look there, by hand.</summary>
    public const string Stored = "/etc/credstore/vertex-ar-backup.telegram-token";

    /// <summary>What systemd hands to a service; by hand, what it would hand to ours. Null if there is none, or it may not be read.</summary>
    public static string? ReadCredential(string? credentialsDirectory)
    {
        try
        {
            return Read(credentialsDirectory is { Length: > 0 } directory ? Path.Combine(directory, Credential) : Stored);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first that is given: the environment's, the file's, the credential.</summary>
    public static BotToken Choose(string? fromEnvironment, string? file, string? credential)
    {
        try
        {
            return fromEnvironment is { Length: > 0 } ? Checked(fromEnvironment, "TELEGRAM_BOT_TOKEN")
                : file is not null ? Checked(Read(file), $"'{file}'")
                : credential is not null ? Checked(credential, $"the credential {Credential}")
                : new BotToken(null, $"there is no bot token: neither TELEGRAM_BOT_TOKEN nor notify.telegram.token_file nor a credential {Credential} is given");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = e is UnauthorizedAccessException ? "permission denied" : e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : e.Message;
            return new BotToken(null, $"the token file '{file}' cannot be read: {reason}");
        }
    }

    /// <summary>It becomes a part of an address, and must not change the rest of it.</summary>
    private static BotToken Checked(string text, string source)
    {
        var token = text.Trim();
        return token.Length is > 0 and <= Longest && token.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '_' or '-')
            ? new BotToken(token, null)
            : new BotToken(null, $"what {source} holds is no bot token");
    }

    private static string Read(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var buffer = new char[Longest + 1];
        return new string(buffer, 0, reader.ReadBlock(buffer));
    }
}
