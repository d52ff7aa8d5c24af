using System.Text;

namespace VertexAr.Backup.Model;

/// <summary>Paths as file lists have them: the name of the source, and below it, after the first slash, the path in it.</summary>
internal static class ListPath
{
    /// <summary>What the only file of a source, a database or a storage that is a file, is listed as.</summary>
    /// <param name="source">Its name.</param>
    /// <param name="path">Where the file is, as configured.</param>
    public static byte[] OfFile(string source, string path) => Encoding.UTF8.GetBytes($"{source}/{Path.GetFileName(path)}");

    /// <summary>The source's name, as bytes.</summary>
    public static ReadOnlySpan<byte> SourceName(ReadOnlySpan<byte> path) => path.IndexOf((byte)'/') is >= 0 and var slash ? path[..slash] : path;

    /// <summary>The source's name.</summary>
    public static string Source(ReadOnlySpan<byte> path) => Encoding.UTF8.GetString(SourceName(path));

    /// <summary>The path in the source; empty for the source's top.</summary>
    public static ReadOnlySpan<byte> Below(ReadOnlySpan<byte> path) => path.IndexOf((byte)'/') is >= 0 and var slash ? path[(slash + 1)..] : [];
}
