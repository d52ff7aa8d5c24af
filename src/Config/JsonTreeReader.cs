using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace VertexAr.Backup.Config;

/// <summary>A file that is no JSON, and the line where it stops being so.</summary>
internal sealed class JsonSyntaxException(int line, string message) : Exception(message)
{
    public int Line => line;
}

/// <summary>Reads JSON with comments and trailing commas into a <see cref="JsonTree"/>.</summary>
internal ref struct JsonTreeReader
{
    private readonly ReadOnlySpan<byte> utf8;
    private Utf8JsonReader reader;
    private long counted;
    private int line = 1;

    private JsonTreeReader(ReadOnlySpan<byte> utf8)
    {
        this.utf8 = utf8;
        reader = new Utf8JsonReader(
            utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
    }

    /// <exception cref="JsonSyntaxException">The text is not JSON.</exception>
    public static JsonTree Read(ReadOnlySpan<byte> utf8)
    {
        var text = utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        if (!Utf8.IsValid(text))
        {
            throw new JsonSyntaxException(LineOfInvalid(text), "the file is not UTF-8 text");
        }

        return new JsonTreeReader(text).Read();
    }

    private JsonTree Read()
    {
        try
        {
            reader.Read();
            var root = Value();
            while (reader.Read())
            {
                // Only comments may follow, which the reader skips; anything else it refuses.
            }

            return root;
        }
        catch (JsonException e)
        {
            throw new JsonSyntaxException((int)(e.LineNumber ?? 0) + 1, Reason(e));
        }
        catch (InvalidOperationException)
        {
            // An escape like \ud800 that stands for half a character: the reader notices when asked for the text.
            throw new JsonSyntaxException(Line(), "a text holds an escape that is no character");
        }
    }

    private JsonTree Value() => reader.TokenType switch
    {
        JsonTokenType.StartObject => Object(),
        JsonTokenType.StartArray => Array(),
        JsonTokenType.String => new JsonTree { Kind = JsonTokenType.String, Line = Line(), Text = reader.GetString()! },
        var kind => new JsonTree { Kind = kind, Line = Line(), Text = Encoding.UTF8.GetString(reader.ValueSpan) },
    };

    private JsonTree Object()
    {
        var (start, members) = (Line(), new List<JsonMember>());
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (key, keyLine) = (reader.GetString()!, Line());
            reader.Read();
            members.Add(new JsonMember(key, keyLine, Value()));
        }

        return new JsonTree { Kind = JsonTokenType.StartObject, Line = start, Members = members };
    }

    private JsonTree Array()
    {
        var (start, items) = (Line(), new List<JsonTree>());
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(Value());
        }

        return new JsonTree { Kind = JsonTokenType.StartArray, Line = start, Items = items };
    }

    /// <summary>The line of the present token: the reader counts lines, but tells them only in errors.</summary>
    private int Line()
    {
        line += utf8[(int)counted..(int)reader.TokenStartIndex].Count((byte)'\n');
        counted = reader.TokenStartIndex;
        return line;
    }

    /// <summary>Why it is no JSON. The framework tells what it expected of a text that ends too early in words about itself.</summary>
    private readonly string Reason(JsonException e)
    {
        var nothingLeft = utf8[(int)reader.BytesConsumed..].IndexOfAnyExcept(" \t\r\n"u8) < 0;
        if (nothingLeft)
        {
            return reader.TokenType == JsonTokenType.None
                ? "the file holds nothing; it must be an object: { … }"
                : "the file ends before all that was opened is closed with '}' or ']'";
        }

        // It appends the position, which is given in front already.
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
    }

    private static int LineOfInvalid(ReadOnlySpan<byte> text)
    {
        var line = 1;
        foreach (var row in text.Split((byte)'\n'))
        {
            if (!Utf8.IsValid(text[row]))
            {
                break;
            }

            line++;
        }

        return line;
    }
}
