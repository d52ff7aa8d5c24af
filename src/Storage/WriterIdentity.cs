using System.Security.Cryptography;
using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The file <c>writer.json</c>: which copy of a repository writes to a second place. A repository on a cloned disk, or in a directory that was
/// copied, has the same id; by this file the copy is known, and does not mix its snapshots with those of the first.
/// </summary>
/// <param name="Token">32 hexadecimal digits, random.</param>
/// <param name="Machine">The machine that made it, as in a header; null where it had no identity.</param>
/// <param name="Host">Its name then, for people.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record WriterIdentity(string Token, string? Machine, string Host, DateTimeOffset CreatedAt)
{
    /// <summary>The backup directory on that machine, links resolved; null where an earlier version made it.</summary>
    public string? Directory { get; init; }

    /// <summary>The token in whose place this one is, until the second place has been seen to know that; null if there is none.</summary>
    public string? Replaces { get; init; }

    public bool Has(string token) => token == Token || token == Replaces;

    public static WriterIdentity New(string? machine, string host, DateTimeOffset now) =>
        new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), machine, host, now);

    /// <summary>What is in a repository or in what was fetched of one; null if there is none that can be read.</summary>
    public static WriterIdentity? TryRead(Layout layout)
    {
        try
        {
            return SealedJson.Read(SmallFile.Read(layout.Writer), Read);
        }
        catch (Exception e) when (e is IOException or DamageError)
        {
            return null;
        }
    }

    /// <exception cref="PosixError">It cannot be written.</exception>
    public void Save(Layout layout) => AtomicFile.Write(Path.Combine(layout.Staging, "writer.tmp"), layout.Writer, ToBytes());

    public byte[] ToBytes() => SealedJson.Write(Write);

    /// <summary>Whether it was made on a machine that is known to be another.</summary>
    public bool IsOfOtherMachine(string? machine) => Machine is not null && machine is not null && Machine != machine;

    private static WriterIdentity Read(JsonElement json) =>
        new(json.Text("token"), json.IfThere("machine", JsonFields.Text), json.Text("host"), json.Time("created_at"))
        {
            Directory = json.IfThere("directory", JsonFields.Text),
            Replaces = json.IfThere("replaces", JsonFields.Text),
        };

    private void Write(Utf8JsonWriter json)
    {
        json.WriteString("token", Token);
        json.WriteIfThere("machine", Machine);
        json.WriteString("host", Host);
        json.WriteString("created_at", CreatedAt);
        json.WriteIfThere("directory", Directory);
        json.WriteIfThere("replaces", Replaces);
    }
}
