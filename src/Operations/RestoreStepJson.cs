using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Steps as lines of a journal. A path that is not UTF-8 is stored in base64, under its name with <c>_b64</c>.</summary>
internal static class RestoreStepJson
{
    private const string Exact = "_b64";

    public static void Write(Utf8JsonWriter json, RestoreStep step)
    {
        switch (step)
        {
            case ExchangeStep exchange:
                Begin(json, "exchange", exchange.Path);
                WriteIdentity(json, "old", exchange.Old);
                WritePath(json, "fresh", exchange.Fresh);
                WriteIdentity(json, "new", exchange.New);
                break;
            case BringStep bring:
                Begin(json, "bring", bring.Path);
                WritePath(json, "fresh", bring.Fresh);
                WriteIdentity(json, "new", bring.New);
                WritePath(json, "kept", bring.Kept);
                break;
            case KeepStep keep:
                Begin(json, "keep", keep.From);
                WritePath(json, "kept", keep.Kept);
                WriteIdentity(json, "what", keep.What);
                json.WriteBoolean("staged", keep.IsStaged);
                break;
            case MakeDirectoryStep make:
                Begin(json, "make_directory", make.Path);
                WriteMeta(json, "meta", make.Meta);
                break;
            case RemoveDirectoryStep remove:
                Begin(json, "remove_directory", remove.Path);
                WriteIdentity(json, "what", remove.What);
                WriteMeta(json, "meta", remove.Meta);
                break;
            case SetDirectoryStep set:
                Begin(json, "set_directory", set.Path);
                WriteIdentity(json, "what", set.What);
                WriteMeta(json, "new", set.New);
                WriteMeta(json, "old", set.Old);
                break;
            case OverwriteStep overwrite:
                Begin(json, "overwrite", overwrite.Path);
                WriteIdentity(json, "what", overwrite.What);
                WritePath(json, "fresh", overwrite.Fresh);
                WritePath(json, "kept", overwrite.Kept);
                WritePath(json, "copying", overwrite.Copying);
                break;
            default:
                throw new NotSupportedException(step.ToString());
        }
    }

    /// <exception cref="FormatException">It is a step of a newer version, or none.</exception>
    public static RestoreStep Read(JsonElement json) => json.Text("step") switch
    {
        "exchange" => new ExchangeStep(ReadPath(json, "path"), ReadIdentity(json, "old"), ReadPath(json, "fresh"), ReadIdentity(json, "new")),
        "bring" => new BringStep(ReadPath(json, "path"), ReadPath(json, "fresh"), ReadIdentity(json, "new"), ReadPath(json, "kept")),
        "keep" => new KeepStep(ReadPath(json, "path"), ReadPath(json, "kept"), ReadIdentity(json, "what")) { IsStaged = json.GetProperty("staged").GetBoolean() },
        "make_directory" => new MakeDirectoryStep(ReadPath(json, "path"), ReadMeta(json, "meta")),
        "remove_directory" => new RemoveDirectoryStep(ReadPath(json, "path"), ReadIdentity(json, "what"), ReadMeta(json, "meta")),
        "set_directory" => new SetDirectoryStep(ReadPath(json, "path"), ReadIdentity(json, "what"), ReadMeta(json, "new"), ReadMeta(json, "old")),
        "overwrite" => new OverwriteStep(ReadPath(json, "path"), ReadIdentity(json, "what"), ReadPath(json, "fresh"), ReadPath(json, "kept"), ReadPath(json, "copying")),
        var other => throw new FormatException($"'{other}' is no step"),
    };

    private static void Begin(Utf8JsonWriter json, string step, byte[] path)
    {
        json.WriteString("step", step);
        WritePath(json, "path", path);
    }

    private static void WritePath(Utf8JsonWriter json, string name, byte[] path)
    {
        if (Utf8.IsValid(path))
        {
            json.WriteString(name, path);
        }
        else
        {
            json.WriteBase64String(name + Exact, path);
        }
    }

    private static byte[] ReadPath(JsonElement json, string name)
    {
        var path = json.TryGetProperty(name + Exact, out var exact) ? exact.GetBytesFromBase64() : Encoding.UTF8.GetBytes(json.Text(name));
        return path is [(byte)'/', _, ..] ? path : throw new FormatException("a step's path is not absolute");
    }

    private static void WriteIdentity(Utf8JsonWriter json, string name, FileIdentity what)
    {
        json.WriteStartObject(name);
        json.WriteNumber("inode", what.Inode);
        json.WriteNumber("type", what.Type);
        WriteTime(json, what.Born);
        json.WriteEndObject();
    }

    private static FileIdentity ReadIdentity(JsonElement json, string name)
    {
        var what = json.GetProperty(name);
        return new FileIdentity(what.GetProperty("inode").GetUInt64(), what.GetProperty("type").GetUInt32(), ReadTime(what));
    }

    private static void WriteMeta(Utf8JsonWriter json, string name, DirectoryMeta meta)
    {
        json.WriteStartObject(name);
        json.WriteNumber("mode", meta.Mode);
        json.WriteNumber("uid", meta.Uid);
        json.WriteNumber("gid", meta.Gid);
        WriteTime(json, meta.Modified);
        if (meta.Attributes is { } attributes)
        {
            json.WriteString("attributes", attributes);
        }

        json.WriteEndObject();
    }

    private static DirectoryMeta ReadMeta(JsonElement json, string name)
    {
        var meta = json.GetProperty(name);
        return new DirectoryMeta(
            meta.GetProperty("mode").GetInt32() & 0xFFF,
            meta.GetProperty("uid").GetUInt32(),
            meta.GetProperty("gid").GetUInt32(),
            ReadTime(meta))
        {
            Attributes = meta.TryGetProperty("attributes", out var attributes) ? attributes.GetString() : null,
        };
    }

    private static void WriteTime(Utf8JsonWriter json, FileTime time)
    {
        json.WriteNumber("seconds", time.Seconds);
        json.WriteNumber("nanoseconds", time.Nanoseconds);
    }

    private static FileTime ReadTime(JsonElement json) => new(json.GetProperty("seconds").GetInt64(), json.GetProperty("nanoseconds").GetInt32());
}
