using System.IO.Hashing;
using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>A place that a run saved or wrote to, and the file system that it was on.</summary>
/// <param name="Role">What it is to us: "storage 'uploads'", "the backup directory".</param>
/// <param name="Path">As configured.</param>
/// <param name="FileSystem">What it was on.</param>
internal sealed record KnownPlace(string Role, string Path, FileSystemIdentity FileSystem)
{
    /// <summary>Several places have this role, each at a path of its own; otherwise one has it, wherever it is.</summary>
    public bool IsOneOfSeveral { get; init; }
}

/// <summary>
/// What this machine remembers of a site's places, outside of all of them: a disk that is not mounted leaves an empty directory, which
/// looks like a disk that is empty. One file for each backup directory.
/// </summary>
/// <param name="directory">Where it is remembered; null to remember nothing.</param>
/// <param name="backupDirectory">Whose site.</param>
internal sealed class KnownPlaces(string? directory, string backupDirectory)
{
    private string File => Path.Combine(directory!, $"{Convert.ToHexStringLower(XxHash128.Hash(Posix.Bytes(backupDirectory)))}.json");

    /// <summary>Empty if nothing is remembered, or what is there cannot be read.</summary>
    public IReadOnlyList<KnownPlace> Read()
    {
        try
        {
            return directory is null ? [] : JsonFields.Read(SmallFile.Read(File), static json => json.Items("places", ReadPlace), "is no list of places");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DamageError)
        {
            return [];
        }
    }

    /// <summary>Remembers these and forgets the others.</summary>
    /// <exception cref="PosixError">It cannot be written.</exception>
    public void Write(IEnumerable<KnownPlace> places)
    {
        if (directory is null)
        {
            return;
        }

        var all = places.ToList();
        AtomicFile.EnsureDirectory(directory);
        AtomicFile.Write($"{File}.tmp", File, JsonFields.Write(
            json =>
            {
                json.WriteString("backup_dir", backupDirectory);
                json.WriteItems("places", all, WritePlace);
            },
            indented: true));
    }

    private static KnownPlace ReadPlace(JsonElement json) => new(json.Text("role"), json.Text("path"), ReadFileSystem(json))
    {
        IsOneOfSeveral = json.TryGetProperty("one_of_several", out var several) && several.GetBoolean(),
    };

    private static FileSystemIdentity ReadFileSystem(JsonElement json) => new(
        json.Text("type"), json.IfThere("id", JsonFields.Text), json.IfThere("source", JsonFields.Text), json.GetProperty("is_root").GetBoolean(), json.IfThere("point", JsonFields.Text))
    {
        Branches = json.IfThere("branches", static branches => JsonFields.Items(branches, ReadBranch)) ?? [],
    };

    private static PoolBranch ReadBranch(JsonElement json) => new(json.Text("path"), json.TryGetProperty("type", out _) ? ReadFileSystem(json) : null);

    private static void WritePlace(Utf8JsonWriter json, KnownPlace place) => json.WriteObject(place, static (json, place) =>
    {
        json.WriteString("role", place.Role);
        json.WriteString("path", place.Path);
        if (place.IsOneOfSeveral)
        {
            json.WriteBoolean("one_of_several", true);
        }

        WriteFileSystem(json, place.FileSystem);
    });

    private static void WriteFileSystem(Utf8JsonWriter json, FileSystemIdentity system)
    {
        json.WriteString("type", system.Type);
        json.WriteIfThere("id", system.Id);
        json.WriteIfThere("source", system.Source);
        json.WriteBoolean("is_root", system.IsRoot);
        json.WriteIfThere("point", system.Point);
        if (system.Branches.Count > 0)
        {
            json.WriteItems("branches", system.Branches, WriteBranch);
        }
    }

    private static void WriteBranch(Utf8JsonWriter json, PoolBranch branch) => json.WriteObject(branch, static (json, branch) =>
    {
        json.WriteString("path", branch.Path);
        if (branch.FileSystem is { } system)
        {
            WriteFileSystem(json, system);
        }
    });
}
