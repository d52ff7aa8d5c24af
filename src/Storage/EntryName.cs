using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace VertexAr.Backup.Storage;

/// <summary>
/// What a piece is called inside a pack. For people only: the file list is what counts. A path that tar or a terminal could
/// trip over is shown escaped, in a directory of its own, <c>~</c> and a number, which no source is called: so no two entries
/// of a pack get into each other's way when it is unpacked.
/// </summary>
internal static class EntryName
{
    /// <summary>Leaves room for the piece's number and for the directory that somebody unpacks into.</summary>
    private const int LongestPlain = 3800;

    private static readonly SearchValues<byte> Control = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), 127]);

    /// <param name="path">The file's path in the list.</param>
    /// <param name="pieceNumber">Which piece of the file this is; null for a file of one piece.</param>
    /// <param name="entryNumber">A number that no other entry of the pack has.</param>
    public static string For(ReadOnlySpan<byte> path, int? pieceNumber, int entryNumber)
    {
        var name = IsPlain(path)
            ? Encoding.UTF8.GetString(path)
            : string.Create(CultureInfo.InvariantCulture, $"~{entryNumber}/{Escape(path)}");
        return pieceNumber is { } number ? string.Create(CultureInfo.InvariantCulture, $"{name}/{number:D6}") : name;
    }

    private static bool IsPlain(ReadOnlySpan<byte> path) =>
        path.Length <= LongestPlain && !path.ContainsAny(Control) && Utf8.IsValid(path);

    private static string Escape(ReadOnlySpan<byte> path)
    {
        // The shortened name keeps every component below the 255 bytes of a file system, escapes included.
        var text = new StringBuilder();
        foreach (var b in path.Length > LongestPlain ? path[..200] : path)
        {
            _ = b is >= 32 and < 127 ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return string.Join('/', text.ToString().Split('/').Select(part => part.Length > 200 ? part[..200] : part));
    }
}
