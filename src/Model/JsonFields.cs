using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>
/// Reads and writes the small JSON objects of a repository. A field that is asked for must be there, and be what it is asked
/// for as; those that nobody asks for are passed over: what a reader must know is announced in the header.
/// </summary>
internal static class JsonFields
{
    /// <summary>Reads one object.</summary>
    /// <param name="text">All of it.</param>
    /// <param name="read">Makes something of it.</param>
    /// <param name="otherwise">What to say of its file when that fails.</param>
    /// <param name="otherKind">The same, when no field is lacking; null to say the same.</param>
    /// <exception cref="DamageError">It is none, lacks a field, or has one of another kind.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> text, Func<JsonElement, T> read, string otherwise, string? otherKind = null)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return read(json.RootElement);
        }
        catch (KeyNotFoundException e)
        {
            throw new DamageError(otherwise, e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new DamageError(otherKind ?? otherwise, e);
        }
    }

    /// <summary>Writes one object: on one line, or for people on many.</summary>
    public static ReadOnlySpan<byte> Write(Action<Utf8JsonWriter> fields, bool indented)
    {
        var text = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = indented }))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return text.WrittenSpan;
    }

    public static string Text(JsonElement json) => json.GetString() ?? throw new FormatException();

    public static string Text(this JsonElement json, string name) => Text(json.GetProperty(name));

    /// <summary>A text that most often is as it was in another object.</summary>
    /// <param name="json">The object.</param>
    /// <param name="name">The field.</param>
    /// <param name="like">The other's text, which is returned if it is the same; null if there is none.</param>
    public static string Text(this JsonElement json, string name, string? like)
    {
        var value = json.GetProperty(name);
        return like is not null && value.ValueEquals(like) ? like : Text(value);
    }

    public static int Integer(this JsonElement json, string name) => json.GetProperty(name).GetInt32();

    public static long Number(this JsonElement json, string name) => json.GetProperty(name).GetInt64();

    public static DateTimeOffset Time(this JsonElement json, string name) => json.GetProperty(name).GetDateTimeOffset();

    public static Digest Digest(this JsonElement json, string name)
    {
        var value = json.GetProperty(name);
        return value.ValueKind == JsonValueKind.String && Core.Digest.TryParse(JsonMarshal.GetRawUtf8Value(value)[1..^1], out var digest)
            ? digest
            : throw new FormatException();
    }

    /// <summary>A word that stands for something.</summary>
    /// <param name="json">The object.</param>
    /// <param name="name">The field.</param>
    /// <param name="from">What a word stands for; null if nothing.</param>
    /// <param name="like">The word that it most often is; null if there is none.</param>
    public static T Word<T>(this JsonElement json, string name, Func<string, T?> from, string? like = null)
        where T : struct => from(json.Text(name, like)) ?? throw new FormatException();

    public static T[] Items<T>(JsonElement array, Func<JsonElement, T> read)
    {
        var length = array.GetArrayLength();
        var items = length == 0 ? [] : new T[length];
        var count = 0;
        foreach (var item in array.EnumerateArray())
        {
            items[count++] = read(item);
        }

        return items;
    }

    public static T[] Items<T>(this JsonElement json, string name, Func<JsonElement, T> read) => Items(json.GetProperty(name), read);

    public static string[] Texts(JsonElement array) => Items(array, Text);

    /// <summary>What a field is read as, if it is there.</summary>
    public static T? IfThere<T>(this JsonElement json, string name, Func<JsonElement, T> read)
        where T : class => json.Find(name) is { } value ? read(value) : null;

    public static long? NumberIfThere(this JsonElement json, string name) => json.Find(name)?.GetInt64();

    private static JsonElement? Find(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static void WriteItems<T>(this Utf8JsonWriter json, string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }

    public static void WriteObject<T>(this Utf8JsonWriter json, string name, T? value, Action<Utf8JsonWriter, T> write)
        where T : class
    {
        if (value is not null)
        {
            json.WritePropertyName(name);
            json.WriteObject(value, write);
        }
    }

    public static void WriteObject<T>(this Utf8JsonWriter json, T value, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartObject();
        write(json, value);
        json.WriteEndObject();
    }

    public static void WriteIfThere(this Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    public static void WriteIfThere(this Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
    }
}
