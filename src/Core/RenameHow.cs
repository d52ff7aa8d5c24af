namespace VertexAr.Backup.Core;

/// <summary>What a rename does when the new name is taken; the numbers are renameat2's.</summary>
internal enum RenameHow
{
    /// <summary>The file there is replaced.</summary>
    Replace = 0,

    /// <summary>The rename fails with EEXIST.</summary>
    Refuse = 1,

    /// <summary>The two names change places in one instant.</summary>
    Exchange = 2,
}
