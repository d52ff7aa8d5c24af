namespace VertexAr.Backup.Model;

/// <summary>What a line of a file list is about.</summary>
internal enum EntryType
{
    File,
    Directory,
    Symlink,

    /// <summary>A further name of a file that an earlier line of the same source has.</summary>
    HardLink,
}

internal static class EntryTypes
{
    /// <summary>The word used in file lists and in output.</summary>
    public static string Word(this EntryType type) => type switch
    {
        EntryType.File => "file",
        EntryType.Directory => "directory",
        EntryType.Symlink => "symlink",
        _ => "hardlink",
    };
}
