using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Config;

/// <summary>The keys of a configuration file about the second place.</summary>
internal sealed class OffsiteBinder(JsonKeys keys, OffsiteDraft draft, SettingsErrors errors)
{
    public const string Key = "offsite";

    private const string Prefix = "offsite.";

    private static readonly string[] Known =
    [
        "remote", "rclone_config", "push_after_create", "keep", "rclone", .. OffsiteDraft.Numbers.Select(key => key.Key[Prefix.Length..]),
    ];

    private static readonly string[] Periods = [.. OffsiteDraft.Keep.Select(key => key.Key[(Prefix.Length + "keep.".Length)..])];

    /// <summary>Parts of a remote's name that would be secrets: whatever lists processes would show them.</summary>
    private static readonly string[] SecretWords = ["pass", "secret", "token", "key=", "key_pem", "auth", "credential"];

    public void Bind(JsonTree offsite)
    {
        if (offsite.Kind == JsonTokenType.Null)
        {
            return;
        }

        foreach (var (key, line, value) in keys.Members(offsite, $"'{Key}'", Prefix, Known, required: ["remote"]))
        {
            switch (key)
            {
                case "remote":
                    BindRemote(line, value);
                    break;
                case "rclone_config":
                    draft.RcloneConfig = Text(key, line, value);
                    break;
                case "rclone":
                    draft.Rclone = Text(key, line, value);
                    break;
                case "push_after_create":
                    draft.PushAfterCreate = keys.Flag(Prefix + key, value) is { } flag ? new Sourced<bool>(flag, keys.At(line)) : null;
                    break;
                case "keep":
                    BindKeep(value);
                    break;
                default:
                    BindNumber(OffsiteDraft.Numbers.First(number => number.Key == Prefix + key), line, value);
                    break;
            }
        }
    }

    /// <summary>What is wrong with a remote's name, as the end of a sentence; null if nothing is.</summary>
    public static string? Trouble(string remote)
    {
        if (!remote.StartsWith('/') && remote.IndexOf(':', StringComparison.Ordinal) is var colon && (colon < 0 || remote.StartsWith('-')))
        {
            return "it must be a remote as rclone names it, NAME:PATH, or an absolute path";
        }

        return !remote.StartsWith('/') && (Redaction.HoldsSecret(remote)
            || (remote.Contains(',', StringComparison.Ordinal) && SecretWords.Any(word => remote.Contains(word, StringComparison.OrdinalIgnoreCase))))
                ? "it holds a secret, which belongs into rclone's configuration file"
                : null;
    }

    private void BindRemote(int line, JsonTree value)
    {
        if (keys.Text(Prefix + "remote", value) is not { } remote)
        {
            return;
        }

        if (Trouble(remote) is { } trouble)
        {
            // Not quoted: it may hold a secret.
            errors.Add(keys.At(line), $"'{Prefix}remote' cannot be used: {trouble}");
        }

        draft.Remote = new Sourced<string>(remote, keys.At(line));
    }

    private void BindKeep(JsonTree value)
    {
        foreach (var (key, line, number) in keys.Members(value, "'offsite.keep'", "offsite.keep.", Periods))
        {
            BindNumber(OffsiteDraft.Keep[Array.IndexOf(Periods, key)], line, number);
        }
    }

    private void BindNumber(NumberKey key, int line, JsonTree value)
    {
        if (value.Kind == JsonTokenType.Null && key.Default < key.Least)
        {
            return; // No limit, and no rule: the defaults, said aloud.
        }

        if (keys.Number(key, value) is { } number)
        {
            draft.Set(key, number, keys.At(line));
        }
    }

    private Sourced<string>? Text(string key, int line, JsonTree value) =>
        keys.Text(Prefix + key, value) is { } text ? new Sourced<string>(text, keys.At(line)) : null;
}
