namespace VertexAr.Backup.Model;

/// <summary>
/// Names in a header's <c>requires</c>: what a reader must know so that it does not mistake a snapshot for something else. A
/// program that does not know one counts the snapshot for nothing, and keeps it.
/// </summary>
internal static class SnapshotFeatures
{
    /// <summary>A database is stored although it is damaged: it is not restored with the rest, and counts for nothing in retention.</summary>
    public const string Damaged = "damaged";

    /// <summary>A source is marked as having lost its content: retention must not count the snapshot like any other.</summary>
    public const string Shrunk = "shrunk";

    /// <summary>Lines have ACLs or extended attributes: restored without them, files would be open to others than before.</summary>
    public const string Attributes = "attributes";

    /// <summary>There are FIFOs or device nodes.</summary>
    public const string SpecialFiles = "special-files";

    /// <summary>A storage is one file: a reader that takes it for a tree would put a directory in its place.</summary>
    public const string SingleFile = "single-file";

    /// <summary>It is newer than some that have a later ID: by its ID alone it would be the first that retention removes.</summary>
    public const string Order = "order";

    /// <summary>Lines say what could not be saved: what is at such a path is not to be replaced by nothing.</summary>
    public const string Absent = "absent";

    private static readonly string[] Known = [Damaged, Shrunk, Attributes, SpecialFiles, SingleFile, Order, Absent];

    public static bool IsKnown(string feature) => Array.IndexOf(Known, feature) >= 0;
}
