namespace VertexAr.Backup.EndToEnd;

/// <summary>What disks do to files.</summary>
internal static class Damage
{
    /// <summary>Flips one bit of a byte; a negative place counts from the end.</summary>
    public static void FlipByte(string path, long place)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = place < 0 ? file.Length + place : place;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ 0x10));
    }
}
