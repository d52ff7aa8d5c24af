namespace VertexAr.Backup.Model;

/// <summary>What a line of a file list is about.</summary>
internal enum EntryType
{
    File,
    Directory,
    Symlink,

    /// <summary>A further name of a file that an earlier line of the same source has.</summary>
    HardLink,

    Fifo,
    BlockDevice,
    CharacterDevice,

    /// <summary>Something that was there and could not be saved: its path and the reason are all that is known of it.</summary>
    Absent,
}

internal static class EntryTypes
{
    /// <summary>The word used in file lists and in output.</summary>
    public static string Word(this EntryType type) => type switch
    {
        EntryType.File => "file",
        EntryType.Directory => "directory",
        EntryType.Symlink => "symlink",
        EntryType.HardLink => "hardlink",
        EntryType.Fifo => "fifo",
        EntryType.BlockDevice => "block",
        EntryType.CharacterDevice => "char",
        EntryType.Absent => "absent",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>What people call it.</summary>
    public static string Name(this EntryType type) => type switch
    {
        EntryType.HardLink => "hard link",
        EntryType.Fifo => "FIFO",
        EntryType.BlockDevice => "block device",
        EntryType.CharacterDevice => "character device",
        _ => type.Word(),
    };

    /// <summary>A FIFO or a device node: a name with a mode, without content.</summary>
    public static bool IsSpecial(this EntryType type) => type is EntryType.Fifo || type.IsDevice();

    public static bool IsDevice(this EntryType type) => type is EntryType.BlockDevice or EntryType.CharacterDevice;
}
