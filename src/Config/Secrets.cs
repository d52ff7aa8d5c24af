using VertexAr.Backup.Core;

namespace VertexAr.Backup.Config;

/// <summary>What may be shown of a value. A webhook's address is a credential by itself, so no address is shown.</summary>
internal static class Secrets
{
    public const string Set = "(set)";

    public static string Shown(string key, string value) =>
        value.Length > 0 && (EndsIn(key, "token") || EndsIn(key, "url") || Redaction.HoldsSecret(value)) ? Set : value;

    private static bool EndsIn(string key, string word) => key.EndsWith(word, StringComparison.OrdinalIgnoreCase);
}
