using System.Buffers;

namespace VertexAr.Backup.Model;

/// <summary>Names of sources stand in snapshots, in paths and in options, so they are plain.</summary>
internal static class SourceNames
{
    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public const string Allowed = "1 to 64 letters, digits, '.', '_' or '-', a letter or digit first";

    public static bool IsValid(string name) =>
        name.Length is >= 1 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) && name.AsSpan().IndexOfAnyExcept(Characters) < 0;

    public static bool MayContain(char c) => Characters.Contains(c);
}
