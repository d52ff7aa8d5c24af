using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace VertexAr.Backup.Cli;

/// <summary>One line of JSON output: an object that begins with its message_type, as restic's do.</summary>
internal static class JsonLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = Encoder() };

    public static void Write(IBufferWriter<byte> buffer, string messageType, Action<Utf8JsonWriter> fields)
    {
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("message_type", messageType);
            fields(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
    }

    /// <summary>Letters of all scripts stay readable; what could disturb a terminal is escaped, as in text output.</summary>
    private static JavaScriptEncoder Encoder()
    {
        var allowed = new TextEncoderSettings(UnicodeRanges.All);
        allowed.ForbidCharacters('\u061c', '\u200e', '\u200f', '\u2028', '\u2029', '\ufeff');
        allowed.ForbidRange(UnicodeRange.Create('\u202a', '\u202e'));
        allowed.ForbidRange(UnicodeRange.Create('\u2066', '\u206f'));
        return JavaScriptEncoder.Create(allowed);
    }
}
