namespace VertexAr.Backup.Operations;

/// <summary>What a file can lack after a restore because the place cannot hold it; its content is there.</summary>
internal enum RestoreLoss
{
    /// <summary>Some of its ACLs or extended attributes.</summary>
    Attributes,

    /// <summary>Its owner or group, though root wanted to give it back.</summary>
    Owner,

    /// <summary>Its permissions.</summary>
    Mode,

    /// <summary>Its modification time, by more than the two seconds that FAT rounds to.</summary>
    Time,

    /// <summary>That it was one file with others.</summary>
    HardLink,
}
