namespace VertexAr.Backup.Policy;

/// <summary>What this program does with files, which not every file system can.</summary>
internal enum PlaceAbility
{
    /// <summary>A directory and a file in it.</summary>
    Make,

    /// <summary>A lock of flock(2).</summary>
    Lock,

    /// <summary>While one has that lock, no other gets it.</summary>
    LockAlone,

    /// <summary>A lock of fcntl(2), as SQLite takes them.</summary>
    LockRecord,

    Rename,

    /// <summary>Two names change places in one instant: renameat2(2)'s RENAME_EXCHANGE.</summary>
    Exchange,

    /// <summary>A rename replaces nothing: its RENAME_NOREPLACE.</summary>
    RenameAlone,

    HardLink,

    /// <summary>fsync(2) of a file.</summary>
    SyncFile,

    /// <summary>fsync(2) of a directory.</summary>
    SyncDirectory,

    /// <summary>syncfs(2).</summary>
    SyncFileSystem,

    /// <summary>What was synced is safe.</summary>
    KeepSynced,

    Remove,
}

/// <summary>What a place is to a site.</summary>
internal enum PlaceRole
{
    Backups,

    /// <summary>Where trees are restored in place.</summary>
    Trees,

    /// <summary>Where a database is restored in place.</summary>
    Databases,

    Drills,

    SecondPlace,
}
