namespace VertexAr.Backup.Core;

/// <summary>What is asked of a path, in the bits of access(2).</summary>
internal enum AccessKind
{
    /// <summary>Run a file.</summary>
    Execute = 1,

    /// <summary>Write to a file.</summary>
    Write = 2,

    /// <summary>Make and remove names in a directory.</summary>
    Fill = 3,

    /// <summary>Read a file.</summary>
    Read = 4,

    /// <summary>List a directory and enter it.</summary>
    List = 5,
}
