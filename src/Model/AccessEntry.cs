namespace VertexAr.Backup.Model;

/// <summary>Whom an entry of an ACL is about; the values are those of the kernel.</summary>
internal enum AccessTag
{
    Owner = 1,
    User = 2,
    OwningGroup = 4,
    Group = 8,

    /// <summary>The most that all but the owner and others are given; what chmod sets and ls shows in the group's place.</summary>
    Mask = 16,
    Others = 32,
}

/// <summary>One entry of an ACL (acl(5)).</summary>
/// <param name="Tag">Whom it is about.</param>
/// <param name="Permissions">Three bits, as in a mode: read 4, write 2, execute 1.</param>
/// <param name="Id">Of a named user or group; 0 for all others.</param>
/// <param name="Name">Of a named user or group, where that was known; null otherwise.</param>
internal readonly record struct AccessEntry(AccessTag Tag, int Permissions, uint Id = 0, string? Name = null)
{
    public bool IsNamed => Tag is AccessTag.User or AccessTag.Group;
}
