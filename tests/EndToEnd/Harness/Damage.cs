using System.Security.Cryptography;
using System.Text;

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

    /// <summary>Rewrites a header as a program would that knows what it does: the checksum fits again.</summary>
    public static void Reseal(string path, Func<string, string> change)
    {
        const string seal = ",\n  \"checksum\": \"";
        var text = File.ReadAllText(path);
        var body = text[..text.LastIndexOf(seal, StringComparison.Ordinal)];
        var changed = change(body);
        Assert.NotEqual(body, changed);
        var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(changed)));
        File.WriteAllText(path, $"{changed}{seal}{checksum}\"\n}}\n");
    }
}
