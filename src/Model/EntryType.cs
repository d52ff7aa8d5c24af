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
