using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>A snapshot's header as FORMAT.md describes it.</summary>
internal static class SnapshotHeaderJson
{
    /// <param name="json">The header.</param>
    /// <param name="like">Another of the same repository. Texts that are the same as one of these are not made anew.</param>
    /// <exception cref="DamageError">The files it names are not its own.</exception>
    public static SnapshotHeader Read(JsonElement json, SnapshotHeader? like)
    {
        var id = json.Text("id");
        return new SnapshotHeader
        {
            FormatVersion = json.Integer("format_version"),
            Requires = json.Items("requires", JsonFields.Text),
            Id = id,
            Type = json.Word("type", SnapshotTypes.FromWord, like?.Type.Word()),
            State = json.Word("state", SnapshotStates.FromWord, like?.State.Word()),
            Host = json.Text("host", like?.Host),
            Machine = json.IfThere("machine", JsonFields.Text),
            Tool = json.Text("tool", like?.Tool),
            StartedAt = json.Time("started_at"),
            FinishedAt = json.Time("finished_at"),
            Sources = ReadSources(json.GetProperty("sources"), like?.Sources ?? []),
            Beside = json.IfThere("beside", JsonFields.Texts) ?? [],
            StoredBytes = json.Number("stored_bytes"),
            Warnings = ReadWarnings(json.GetProperty("warnings")),
            AttributeKinds = json.IfThere("attributes", JsonFields.Texts) ?? [],
            Older = json.IfThere("older", ReadIds) ?? [],
            Origin = json.IfThere("origin", ReadOrigin),
            Previous = json.IfThere("previous", ReadLink),
            Signer = json.IfThere("signer", JsonFields.Text),
            Files = ReadPart(json.GetProperty("files"), id, SnapshotHeader.FileListSuffix),
            Packs = ReadPart(json.GetProperty("packs"), id, SnapshotHeader.PackTableSuffix),
        };
    }

    public static void Write(Utf8JsonWriter json, SnapshotHeader header)
    {
        json.WriteNumber("format_version", header.FormatVersion);
        json.WriteItems("requires", header.Requires, static (json, feature) => json.WriteStringValue(feature));
        json.WriteString("id", header.Id);
        json.WriteString("type", header.Type.Word());
        json.WriteString("state", header.State.Word());
        json.WriteString("host", header.Host);
        json.WriteIfThere("machine", header.Machine);
        json.WriteString("tool", header.Tool);
        json.WriteString("started_at", header.StartedAt);
        json.WriteString("finished_at", header.FinishedAt);
        json.WriteItems("sources", header.Sources, WriteSource);
        if (header.Beside.Count > 0)
        {
            json.WriteItems("beside", [.. header.Beside], static (json, path) => json.WriteStringValue(path));
        }

        json.WriteNumber("stored_bytes", header.StoredBytes);
        json.WriteObject("warnings", header.Warnings, WriteWarnings);
        if (header.AttributeKinds.Length > 0)
        {
            json.WriteItems("attributes", header.AttributeKinds, static (json, kind) => json.WriteStringValue(kind));
        }

        if (header.Older.Count > 0)
        {
            json.WriteItems("older", [.. header.Older], static (json, id) => json.WriteStringValue(id.ToString()));
        }

        json.WriteObject("origin", header.Origin, WriteOrigin);
        json.WriteObject("previous", header.Previous, WriteLink);
        json.WriteIfThere("signer", header.Signer);
        WritePart(json, "files", header.Files, header.Id + SnapshotHeader.FileListSuffix);
        WritePart(json, "packs", header.Packs, header.Id + SnapshotHeader.PackTableSuffix);
    }

    public static SnapshotLink ReadLink(JsonElement json) =>
        new(SnapshotId.Parse(json.Text("id")) ?? throw new DamageError("names a snapshot by what is no ID"), json.Digest("sha256"));

    public static void WriteLink(Utf8JsonWriter json, SnapshotLink link)
    {
        json.WriteString("id", link.Id.ToString());
        json.WriteString("sha256", link.Header.ToString());
    }

    private static SnapshotId[] ReadIds(JsonElement json) =>
        Array.ConvertAll(JsonFields.Texts(json), id => SnapshotId.Parse(id) ?? throw new DamageError("names a snapshot by what is no ID"));

    private static SourceSummary[] ReadSources(JsonElement json, SourceSummary[] like)
    {
        var sources = new SourceSummary[json.GetArrayLength()];
        var i = 0;
        foreach (var source in json.EnumerateArray())
        {
            sources[i] = ReadSource(source, i < like.Length ? like[i] : null);
            i++;
        }

        return sources;
    }

    public static SourceSummary ReadSource(JsonElement json, SourceSummary? like) => new()
    {
        Name = json.Text("name", like?.Name),
        Kind = json.Word("kind", SourceKinds.FromWord, like?.Kind.Word()),
        Path = json.Text("path", like?.Path),
        IsFile = json.TryGetProperty("file", out var file) && file.GetBoolean(),
        Files = json.Number("files"),
        Directories = json.Number("directories"),
        Symlinks = json.Number("symlinks"),
        SpecialFiles = json.NumberIfThere("special_files") ?? 0,
        Bytes = json.Number("bytes"),
        NewBytes = json.Number("new_bytes"),
        Target = json.IfThere("target", JsonFields.Text),
        Exclude = json.IfThere("exclude", JsonFields.Texts),
        OneFileSystem = json.TryGetProperty("one_file_system", out var one) ? one.GetBoolean() : null,
        IsByMtime = json.TryGetProperty("by_mtime", out var weak) && weak.GetBoolean(),
        LeftOut = json.IfThere("left_out", static array => JsonFields.Items(array, LeftOut.Read)) ?? [],
        Absent = json.NumberIfThere("absent"),
        Content = json.IfThere("content", ReadContent),
        Shrunk = json.IfThere("shrunk", ReadShrunk),
        State = json.IfThere("state", JsonFields.Text) is { } word ? SourceStates.FromWord(word) ?? throw new FormatException() : SourceState.Complete,
        Reason = json.IfThere("reason", JsonFields.Text),
    };

    public static void WriteSource(Utf8JsonWriter json, SourceSummary source)
    {
        json.WriteStartObject();
        json.WriteString("name", source.Name);
        json.WriteString("kind", source.Kind.Word());
        json.WriteString("path", source.Path);
        if (source.IsFile)
        {
            json.WriteBoolean("file", true);
        }

        json.WriteNumber("files", source.Files);
        json.WriteNumber("directories", source.Directories);
        json.WriteNumber("symlinks", source.Symlinks);
        json.WriteIfThere("special_files", source.SpecialFiles > 0 ? source.SpecialFiles : null);
        json.WriteNumber("bytes", source.Bytes);
        json.WriteNumber("new_bytes", source.NewBytes);
        json.WriteIfThere("target", source.Target);
        WriteRules(json, source);
        json.WriteObject("content", source.Content, WriteContent);
        json.WriteObject("shrunk", source.Shrunk, WriteShrunk);
        json.WriteIfThere("state", source.State == SourceState.Complete ? null : source.State.Word());
        json.WriteIfThere("reason", source.Reason);
        json.WriteEndObject();
    }

    private static void WriteRules(Utf8JsonWriter json, SourceSummary source)
    {
        if (source.Exclude is { } exclude)
        {
            json.WriteItems("exclude", exclude, static (json, pattern) => json.WriteStringValue(pattern));
        }

        if (source.OneFileSystem is { } one)
        {
            json.WriteBoolean("one_file_system", one);
        }

        if (source.IsByMtime)
        {
            json.WriteBoolean("by_mtime", true);
        }

        if (source.LeftOut.Count > 0)
        {
            json.WriteItems("left_out", source.LeftOut, LeftOut.Write);
        }

        json.WriteIfThere("absent", source.Absent);
    }

    private static DatabaseContent ReadContent(JsonElement json) => new(
        json.Number("bytes_in_use"), json.Integer("tables"), json.Integer("filled_tables"), json.IfThere("table_names", JsonFields.Texts), json.NumberIfThere("empty_bytes"));

    private static void WriteContent(Utf8JsonWriter json, DatabaseContent content)
    {
        json.WriteNumber("bytes_in_use", content.BytesInUse);
        json.WriteIfThere("empty_bytes", content.EmptyBytes);
        json.WriteNumber("tables", content.Tables);
        json.WriteNumber("filled_tables", content.FilledTables);
        if (content.TableNames is { } names)
        {
            json.WriteItems("table_names", names, static (json, name) => json.WriteStringValue(name));
        }
    }

    private static ShrunkSource ReadShrunk(JsonElement json) =>
        new(json.Text("since"), json.Items("losses", JsonFields.Text), json.GetProperty("accepted").GetBoolean());

    private static void WriteShrunk(Utf8JsonWriter json, ShrunkSource shrunk)
    {
        json.WriteString("since", shrunk.Since);
        json.WriteItems("losses", shrunk.Losses, static (json, loss) => json.WriteStringValue(loss));
        json.WriteBoolean("accepted", shrunk.IsAccepted);
    }

    private static WarningSummary ReadWarnings(JsonElement json)
    {
        var count = json.Number("count");
        var first = json.Items("first", static warning => new PathWarning(warning.Text("path"), warning.Text("reason")));
        return count == 0 && first.Length == 0 ? WarningSummary.None : new WarningSummary { Count = count, First = first };
    }

    private static void WriteWarnings(Utf8JsonWriter json, WarningSummary warnings)
    {
        json.WriteNumber("count", warnings.Count);
        json.WriteItems("first", warnings.First, WriteWarning);
    }

    public static void WriteWarning(Utf8JsonWriter json, PathWarning warning)
    {
        json.WriteStartObject();
        json.WriteString("path", warning.Path);
        json.WriteString("reason", warning.Reason);
        json.WriteEndObject();
    }

    private static SnapshotOrigin ReadOrigin(JsonElement json) =>
        new(json.Text("system"), json.Text("name"), json.Number("bytes"), json.Time("imported_at"))
        {
            For = json.IfThere("for", static paths => paths.EnumerateArray().Select(path => path.GetString()!).ToList()),
        };

    private static void WriteOrigin(Utf8JsonWriter json, SnapshotOrigin origin)
    {
        json.WriteString("system", origin.System);
        json.WriteString("name", origin.Name);
        json.WriteNumber("bytes", origin.Bytes);
        json.WriteString("imported_at", origin.ImportedAt);
        if (origin.For is { } places)
        {
            json.WriteItems("for", places, static (json, path) => json.WriteStringValue(path));
        }
    }

    private static PartFile ReadPart(JsonElement json, string id, string suffix)
    {
        // Compared where it lies, since there are two to each of thousands of headers.
        var name = JsonMarshal.GetRawUtf8Value(json.GetProperty("name")).Trim((byte)'"');
        return name.Length == id.Length + suffix.Length && Ascii.Equals(name[..id.Length], id) && Ascii.Equals(name[id.Length..], suffix)
            ? new PartFile(json.Number("bytes"), json.Digest("sha256"), json.Number("lines"))
            : throw new DamageError("names files of another snapshot");
    }

    private static void WritePart(Utf8JsonWriter json, string field, PartFile part, string name)
    {
        json.WriteStartObject(field);
        json.WriteString("name", name);
        json.WriteNumber("bytes", part.Bytes);
        json.WriteString("sha256", part.Sha256.ToString());
        json.WriteNumber("lines", part.Lines);
        json.WriteEndObject();
    }
}
