using System.Text.RegularExpressions;

namespace VertexAr.Backup.Remote;

/// <summary>What rclone says went wrong, fit to be shown: in one line, and without what may be a secret.</summary>
internal static partial class PlainError
{
    private const int Longest = 400;

    public static string Of(string said)
    {
        var text = Prefix().Replace(said.ReplaceLineEndings(" "), "");
        text = Query().Replace(text, "$1?…");
        text = UserInfo().Replace(text, "$1…@");
        text = Assigned().Replace(text, "$1$2…");
        text = Spaces().Replace(text, " ").Trim();
        return text.Length <= Longest ? text : string.Concat(text.AsSpan(0, Longest), "…");
    }

    /// <summary>"2026/11/26 00:31:16 ERROR : name: …".</summary>
    [GeneratedRegex(@"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:[A-Z]+ *: )?")]
    private static partial Regex Prefix();

    /// <summary>Signatures stand in the query of an address.</summary>
    [GeneratedRegex(@"(\w+://[^\s""'?]*)\?[^\s""']*")]
    private static partial Regex Query();

    [GeneratedRegex(@"(\w+://)[^\s""'/@]+@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"(?i)\b([\w-]*(?:pass(?:word)?|secret|token|signature|credential|authorization|access_?key(?:_id)?)[\w-]*)(\s*[=:]\s*)(?:Bearer\s+|Basic\s+)?[^\s,;""']+")]
    private static partial Regex Assigned();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
