using System.Globalization;

namespace VertexAr.Backup.Model;

/// <summary>What a file of the Python system is to its backup.</summary>
internal enum PythonFileRole
{
    /// <summary>The database, or the whole archive.</summary>
    Content,

    /// <summary>One of the pieces that a large archive was cut into.</summary>
    Part,

    /// <summary>JSON that describes the backup.</summary>
    Metadata,
}

/// <summary>
/// What the name of a file says that the Python system left behind, such as
/// <c>storage_backup_20240107_030000.tar.part002.gz</c>. Endings are taken in any order: that system put a part's number before
/// the last one, and cut the last one off to name the JSON.
/// </summary>
/// <param name="Backup">The backup it belongs to, <c>storage_backup_20240107_030000</c>.</param>
/// <param name="Type">What that backup covers.</param>
/// <param name="LocalTime">When it was made, by the clock on the wall.</param>
/// <param name="Role">What the file is.</param>
/// <param name="Part">A part's number, from 1; 0 for what is no part.</param>
internal sealed record PythonFileName(string Backup, SnapshotType Type, DateTime LocalTime, PythonFileRole Role, int Part)
{
    private const string Middle = "_backup_";
    private const string Stamp = "yyyyMMdd_HHmmss";
    private const string PartWord = "part";

    private static readonly string[] Endings = ["db", "sqlite", "sqlite3", "tar", "gz", "tgz", "bz2", "xz"];

    /// <summary>Null for a name that is none of that system's.</summary>
    public static PythonFileName? Parse(string name)
    {
        var middle = name.IndexOf(Middle, StringComparison.Ordinal);
        var end = middle + Middle.Length + Stamp.Length;
        if (middle < 0 || name.Length < end || TypeOf(name[..middle]) is not { } type
            || !DateTime.TryParseExact(name[(middle + Middle.Length)..end], Stamp, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return null;
        }

        var (role, part) = (PythonFileRole.Content, 0);
        foreach (var ending in name.Length == end ? [] : name[end..].Split('.').Skip(1))
        {
            if (ending == "json")
            {
                role = PythonFileRole.Metadata;
            }
            else if (PartNumber(ending) is { } number)
            {
                part = number;
            }
            else if (!Endings.Contains(ending))
            {
                return null;
            }
        }

        var isName = name.Length == end || name[end] == '.';
        return isName ? new PythonFileName(name[..end], type, time, part > 0 && role == PythonFileRole.Content ? PythonFileRole.Part : role, part) : null;
    }

    private static SnapshotType? TypeOf(string word) => word == "db" ? SnapshotType.Database : SnapshotTypes.FromWord(word);

    private static int? PartNumber(string ending) =>
        ending.StartsWith(PartWord, StringComparison.Ordinal)
        && int.TryParse(ending[PartWord.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : null;
}
