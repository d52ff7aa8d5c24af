using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>The JSON lines of which a restore's journal consists, and the files that name it.</summary>
internal static class RestoreLines
{
    public static byte[] Of(Action<Utf8JsonWriter> fields) => [.. JsonFields.Write(fields, indented: false), (byte)'\n'];

    public static List<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> content)
    {
        var lines = new List<ReadOnlyMemory<byte>>();
        // What does not end in a line break was not written to its end.
        for (int end; (end = content.Span.IndexOf((byte)'\n')) >= 0; content = content[(end + 1)..])
        {
            lines.Add(content[..end]);
        }

        return lines;
    }

    public static bool TryParse(ReadOnlyMemory<byte> line, out JsonDocument json)
    {
        try
        {
            json = JsonDocument.Parse(line);
            return true;
        }
        catch (JsonException)
        {
            json = null!;
            return false;
        }
    }

    /// <summary>What root finds beside somebody else's files must be root's own: its lines say what is moved where.</summary>
    public static void RequireTrust(string path, SafeFileHandle file)
    {
        var status = Posix.Status(file);
        if (!status.IsRegular || (status.Permissions & 0x12) != 0 || status.Links != 1)
        {
            throw UserError.Failed($"{path} looks like the journal of a restore, but others can have written it", "remove it only if no restore was killed here");
        }

        if (status.Uid != 0 && status.Uid != Posix.EffectiveUser)
        {
            var user = Accounts.UserText(status.Uid, "#");
            throw UserError.Failed(
                $"{path} is the journal of a restore that was begun by the user {user}, whose journals nobody else follows",
                $"end that restore as the same user: sudo -u '{user}' vertex-ar-backup restore --undo, or --continue");
        }
    }
}
