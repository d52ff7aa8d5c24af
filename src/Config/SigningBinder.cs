using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Config;

/// <summary>The keys of a configuration file about signatures.</summary>
internal sealed class SigningBinder(JsonKeys keys, SigningDraft draft, SettingsErrors errors)
{
    public const string Key = "signing";

    private static readonly string[] Known = ["key_file", "trust"];

    public void Bind(JsonTree signing)
    {
        if (signing.Kind == JsonTokenType.Null)
        {
            return;
        }

        foreach (var (key, line, value) in keys.Members(signing, $"'{Key}'", Key + ".", Known))
        {
            switch (key)
            {
                case "key_file":
                    draft.KeyFile = value.Kind != JsonTokenType.Null && keys.Text("signing.key_file", value) is { } file ? new Sourced<string>(file, keys.At(line)) : null;
                    break;
                case "trust":
                    BindTrust(line, value);
                    break;
                default:
                    throw new NotSupportedException(key);
            }
        }
    }

    private void BindTrust(int line, JsonTree value)
    {
        var texts = new List<string>();
        foreach (var (key, at, item) in keys.Items("signing.trust", value))
        {
            if (keys.Text(key, item) is not { } text)
            {
                continue;
            }

            if (text.StartsWith('/') || PublicKey.IsFingerprint(text) || PublicKey.Parse(text) is not null)
            {
                texts.Add(text);
            }
            else
            {
                errors.Add(keys.At(at), $"'{key}' is {SettingsErrors.Quote(text)}; it must be a public key or a fingerprint as 'key show' prints them, or the absolute path of a file with a public key");
            }
        }

        draft.Trust = new Sourced<IReadOnlyList<string>>(texts, keys.At(line));
    }
}
