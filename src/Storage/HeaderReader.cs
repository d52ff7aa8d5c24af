using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Reads the headers of a repository one after the other, for one thread. There may be thousands, and every list, status and
/// rotation reads them all: they share the memory they are read into, and the texts that are the same in each.
/// </summary>
internal sealed class HeaderReader : IDisposable
{
    private readonly SafeFileHandle directory;
    private readonly SmallFile file = new();
    private readonly Func<JsonElement, SnapshotHeader> parse;
    private SnapshotHeader? last;

    private static ReadOnlySpan<byte> Suffix => ".json"u8;

    private readonly HeaderTrust? trust;

    /// <param name="layout">The repository.</param>
    /// <param name="trust">Refuses headers of others; null to read them all.</param>
    /// <exception cref="UserError">The directory of headers cannot be opened.</exception>
    public HeaderReader(Layout layout, HeaderTrust? trust = null)
    {
        (parse, this.trust) = (Parse, trust);
        directory = layout.OpenSnapshots();
    }

    public void Dispose() => directory.Dispose();

    /// <summary>The snapshots that have a header, by ID.</summary>
    public List<SnapshotId> Ids()
    {
        var names = DirectoryNames.Read(directory, ending: Suffix);
        var ids = new List<SnapshotId>();
        for (var i = 0; i < names.Count; i++)
        {
            var name = names.Name(i);
            if (SnapshotId.Parse(Encoding.UTF8.GetString(name[..^Suffix.Length])) is { } id)
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    /// <exception cref="DamageError">The header is not whole, or is not this snapshot's.</exception>
    /// <exception cref="UserError">It is of a version we do not know.</exception>
    public Snapshot Read(SnapshotId id)
    {
        var content = Content(id);
        var header = SealedJson.Read(content, parse);
        if (!header.IsSane)
        {
            throw new DamageError("holds numbers or names that cannot be");
        }

        last = header;
        if (header.Id != id.ToString())
        {
            throw new DamageError("is the header of another snapshot");
        }

        trust?.Check(header.Signer, id, content);
        return new Snapshot(id, header);
    }

    /// <summary>The type of a snapshot whose header is whole. Reads no further than that, for speed.</summary>
    /// <exception cref="DamageError">It is not.</exception>
    public TypedSnapshot ReadType(SnapshotId id)
    {
        var header = Content(id).Span;
        SealedJson.Check(header);
        try
        {
            var json = new Utf8JsonReader(header);
            var hasOlder = false;
            while (json.Read())
            {
                hasOlder |= json.CurrentDepth == 2 && json.TokenType == JsonTokenType.String && json.ValueTextEquals(SnapshotFeatures.Order);
                if (json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("type"u8)
                    && json.Read() && json.TokenType == JsonTokenType.String && SnapshotTypes.FromWord(json.GetString()!) is { } type)
                {
                    return new TypedSnapshot(id, type, hasOlder);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter for text that is not UTF-8.
            throw new DamageError("is no header", e);
        }

        throw new DamageError("lacks a field that this version needs");
    }

    private ReadOnlyMemory<byte> Content(SnapshotId id)
    {
        Span<byte> name = stackalloc byte[SnapshotId.TextSize + Suffix.Length];
        Suffix.CopyTo(name[Encoding.ASCII.GetBytes(id.ToString(), name)..]);
        return file.ReadNext(directory, name);
    }

    /// <summary>What a later version wrote may lack what this one needs, so the version is looked at first.</summary>
    private SnapshotHeader Parse(JsonElement json)
    {
        var (version, requires) = (json.Integer("format_version"), json.Items("requires", JsonFields.Text));
        return version == RepositoryMark.CurrentVersion && Array.TrueForAll(requires, SnapshotFeatures.IsKnown)
            ? SnapshotHeaderJson.Read(json, last)
            : throw UserError.Failed(
                $"snapshot {json.Text("id")} needs a newer version of this program (format {version}{string.Concat(requires.Select(r => ", " + r))})",
                "install the version of vertex-ar-backup that wrote it, or a newer one");
    }
}
