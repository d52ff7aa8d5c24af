namespace VertexAr.Backup.Model;

/// <summary>Names of sources stand in snapshots, in paths and in options, so they are plain.</summary>
internal static class SourceNames
{
    public const string Allowed = "1 to 64 letters, digits, '.', '_' or '-', a letter or digit first";

    public static bool IsValid(string name) =>
        name.Length is >= 1 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) && name.All(MayContain);

    public static bool MayContain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
