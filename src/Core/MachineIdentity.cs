using System.Security.Cryptography;

namespace VertexAr.Backup.Core;

/// <summary>Which machine this is: its machine-id, hashed for this program, since the id itself is not to be shown to others. See machine-id(5).</summary>
internal static class MachineIdentity
{
    /// <summary>What systemd calls the application's ID. Never changes.</summary>
    private static readonly byte[] Application = Convert.FromHexString("798e096bb641464daa8f7b9ef5f17181");

    /// <summary>32 hexadecimal digits, as 'systemd-id128 --app-specific' makes them; null where there is no machine-id, as in many containers.</summary>
    public static string? Read(string file = "/etc/machine-id")
    {
        try
        {
            Span<byte> text = stackalloc byte[64];
            using var open = RegularFile.Open(file);
            return Of(System.Text.Encoding.ASCII.GetString(text[..RandomAccess.Read(open, text, 0)]).Trim());
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Of a machine-id, 32 hexadecimal digits; null of anything else, as the word 'uninitialized'.</summary>
    /// <exception cref="UserError">OpenSSL is not installed.</exception>
    public static string? Of(string machineId)
    {
        if (machineId.Length != 32 || !machineId.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        Sha256.Require();
        var hash = HMACSHA256.HashData(Convert.FromHexString(machineId), Application)[..16];

        // A UUID of version 4, as systemd makes it.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x40);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return Convert.ToHexStringLower(hash);
    }
}
