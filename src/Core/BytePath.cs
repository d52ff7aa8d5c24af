using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>Paths as the kernel has them, whatever bytes they are made of.</summary>
internal static class BytePath
{
    public static byte[] Join(byte[] directory, byte[] name) => [.. directory, (byte)'/', .. name];

    /// <summary>The directory above; empty for a name alone, and for one in the root.</summary>
    public static byte[] Above(byte[] path) => path[..Math.Max(0, path.AsSpan().LastIndexOf((byte)'/'))];

    /// <summary>Any bytes as a key: one character each.</summary>
    public static string Key(byte[] path) => Encoding.Latin1.GetString(path);

    /// <summary>For people, and for paths of ours.</summary>
    public static string Text(byte[] path) => Encoding.UTF8.GetString(path);
}
