using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VertexAr.Backup.Host;

/// <summary>A chat, by a bot: sendMessage of Telegram's Bot API, as plain text. The token is a part of the address.</summary>
internal sealed class TelegramChannel(string api, string chat, BotToken token) : IChannel
{
    // The limit of the service is 4096 characters.
    private const int Longest = 4000;
    private const int LongestReason = 200;

    public string Name => "telegram";

    public string? Tell(Message message, Patience patience) => token.Value is { } value
        ? new WebPost(new Uri($"{api}/bot{value}/sendMessage"), "application/json", Body(message), answer => Description(answer, value)).Send(patience)
        : token.Problem;

    private byte[] Body(Message message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("chat_id", chat);
            json.WriteString("text", Cut($"{message.Subject}\n\n{message.Text}", Longest));
            json.WriteStartObject("link_preview_options");
            json.WriteBoolean("is_disabled", true);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>"Bad Request: chat not found", out of the answer.</summary>
    private static string? Description(string answer, string token)
    {
        try
        {
            // An answer that comes in chunks has their lengths around it.
            var (begin, end) = (answer.IndexOf('{', StringComparison.Ordinal), answer.LastIndexOf('}'));
            using var json = JsonDocument.Parse(answer.AsMemory(Math.Max(begin, 0), Math.Max(end + 1 - Math.Max(begin, 0), 0)));
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("description", out var description)
                && description.ValueKind == JsonValueKind.String
                ? Cut(description.GetString()!.Replace(token, "…", StringComparison.Ordinal), LongestReason)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Not between the two halves of a character.</summary>
    private static string Cut(string text, int length) => text.Length <= length ? text
        : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1), "…");
}
