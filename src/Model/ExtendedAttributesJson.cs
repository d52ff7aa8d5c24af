using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>
/// ACLs and attributes in a line of a file list. An entry of an ACL is <c>["user", "rw-"]</c>, or <c>["user", "rw-", 33, "www-data"]</c>
/// with number and, if known, name; in this order a line of <c>setfacl</c> can be made of it. Other attributes are names with
/// values in base64, which <c>setfattr</c> takes.
/// </summary>
internal static class ExtendedAttributesJson
{
    private static readonly JsonWriterOptions PartOfLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes the keys that an entry has, each with a comma before it.</summary>
    public static void Write(ArrayBufferWriter<byte> output, FileEntry entry)
    {
        if (entry.Device is not null || entry.Attributes is { IsEmpty: false })
        {
            output.Write(","u8);
            using var json = new Utf8JsonWriter(output, PartOfLine);
            Write(json, entry);
        }
    }

    /// <summary>Writes the keys that an entry has into an object.</summary>
    public static void Write(Utf8JsonWriter json, FileEntry entry)
    {
        if (entry.Device is { } device)
        {
            json.WriteStartArray("device");
            json.WriteNumberValue(device.Major);
            json.WriteNumberValue(device.Minor);
            json.WriteEndArray();
        }

        if (entry.Attributes is { } attributes)
        {
            Write(json, "acl", attributes.Access, WriteEntry);
            Write(json, "default_acl", attributes.Default, WriteEntry);
            WriteNamed(json, attributes.Others);
            Write(json, "xattrs_b64", Array.FindAll(attributes.Others, one => !Utf8.IsValid(one.Name)), WritePair);
        }
    }

    /// <summary>Reads the value of <c>acl</c> or <c>default_acl</c>.</summary>
    /// <exception cref="DamageError">It is none.</exception>
    public static AccessEntry[] ReadAccess(ref Utf8JsonReader json)
    {
        var entries = new List<AccessEntry>();
        FileEntryJson.Expect(json.Read() && json.TokenType == JsonTokenType.StartArray, "holds a bad ACL");
        while (json.Read() && json.TokenType == JsonTokenType.StartArray)
        {
            FileEntryJson.Expect(entries.Count < AccessList.MostEntries, "holds a bad ACL");
            entries.Add(ReadEntry(ref json));
        }

        FileEntryJson.Expect(entries.Count > 0 && json.TokenType == JsonTokenType.EndArray, "holds a bad ACL");
        return [.. entries];
    }

    /// <summary>Reads the value of <c>xattrs</c>.</summary>
    /// <exception cref="DamageError">It is none.</exception>
    public static List<NamedAttribute> ReadNamed(ref Utf8JsonReader json)
    {
        var found = new List<NamedAttribute>();
        FileEntryJson.Expect(json.Read() && json.TokenType == JsonTokenType.StartObject, "holds bad attributes");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = FileEntryJson.Bytes(ref json);
            json.Read();
            found.Add(new NamedAttribute(name, json.GetBytesFromBase64()));
        }

        return found;
    }

    /// <summary>Reads the value of <c>xattrs_b64</c>.</summary>
    /// <exception cref="DamageError">It is none.</exception>
    public static List<NamedAttribute> ReadPairs(ref Utf8JsonReader json)
    {
        var found = new List<NamedAttribute>();
        FileEntryJson.Expect(json.Read() && json.TokenType == JsonTokenType.StartArray, "holds bad attributes");
        while (json.Read() && json.TokenType == JsonTokenType.StartArray)
        {
            json.Read();
            var name = json.GetBytesFromBase64();
            json.Read();
            found.Add(new NamedAttribute(name, json.GetBytesFromBase64()));
            FileEntryJson.Expect(json.Read() && json.TokenType == JsonTokenType.EndArray, "holds bad attributes");
        }

        FileEntryJson.Expect(json.TokenType == JsonTokenType.EndArray, "holds bad attributes");
        return found;
    }

    private static void Write<T>(Utf8JsonWriter json, string key, T[] items, Action<Utf8JsonWriter, T> write)
    {
        if (items.Length > 0)
        {
            json.WriteItems(key, items, write);
        }
    }

    private static void WriteNamed(Utf8JsonWriter json, NamedAttribute[] attributes)
    {
        var named = Array.FindAll(attributes, one => Utf8.IsValid(one.Name));
        if (named.Length > 0)
        {
            json.WriteStartObject("xattrs");
            Array.ForEach(named, one => json.WriteBase64String(one.Name, one.Value));
            json.WriteEndObject();
        }
    }

    private static void WriteEntry(Utf8JsonWriter json, AccessEntry entry)
    {
        json.WriteStartArray();
        json.WriteStringValue(Word(entry.Tag));
        json.WriteStringValue([Letter(4, 'r'), Letter(2, 'w'), Letter(1, 'x')]);
        if (entry.IsNamed)
        {
            json.WriteNumberValue(entry.Id);
            if (entry.Name is { } name)
            {
                json.WriteStringValue(name);
            }
        }

        json.WriteEndArray();

        char Letter(int bit, char letter) => (entry.Permissions & bit) != 0 ? letter : '-';
    }

    private static void WritePair(Utf8JsonWriter json, NamedAttribute attribute)
    {
        json.WriteStartArray();
        json.WriteBase64StringValue(attribute.Name);
        json.WriteBase64StringValue(attribute.Value);
        json.WriteEndArray();
    }

    private static AccessEntry ReadEntry(ref Utf8JsonReader json)
    {
        json.Read();
        var (own, named) = Tags(ref json);
        json.Read();
        var permissions = Permissions(ref json);
        json.Read();
        if (json.TokenType == JsonTokenType.EndArray)
        {
            return new AccessEntry(own, permissions);
        }

        FileEntryJson.Expect(named is not null, "holds a bad ACL");
        var id = json.GetUInt32();
        json.Read();
        var name = json.TokenType == JsonTokenType.String ? string.Intern(json.GetString()!) : null;
        FileEntryJson.Expect((name is null || json.Read()) && json.TokenType == JsonTokenType.EndArray, "holds a bad ACL");
        return new AccessEntry(named!.Value, permissions, id, name);
    }

    /// <summary>What an entry is about if nobody is named in it, and if somebody is.</summary>
    private static (AccessTag Own, AccessTag? Named) Tags(ref Utf8JsonReader json) =>
        json.ValueTextEquals("user"u8) ? (AccessTag.Owner, AccessTag.User)
        : json.ValueTextEquals("group"u8) ? (AccessTag.OwningGroup, AccessTag.Group)
        : json.ValueTextEquals("mask"u8) ? (AccessTag.Mask, null)
        : json.ValueTextEquals("other"u8) ? (AccessTag.Others, null)
        : throw new DamageError("holds a bad ACL");

    private static string Word(AccessTag tag) => tag switch
    {
        AccessTag.Owner or AccessTag.User => "user",
        AccessTag.OwningGroup or AccessTag.Group => "group",
        AccessTag.Mask => "mask",
        AccessTag.Others => "other",
        _ => throw new ArgumentOutOfRangeException(nameof(tag)),
    };

    private static int Permissions(ref Utf8JsonReader json)
    {
        FileEntryJson.Expect(json.TokenType == JsonTokenType.String && json.ValueSpan.Length == 3, "holds a bad ACL");
        var bits = 0;
        for (var i = 0; i < 3; i++)
        {
            var letter = json.ValueSpan[i];
            FileEntryJson.Expect(letter == '-' || letter == "rwx"[i], "holds a bad ACL");
            bits |= letter == '-' ? 0 : 4 >> i;
        }

        return bits;
    }
}
