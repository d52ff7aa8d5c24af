using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>
/// What the Python system left in a backup directory: databases in <c>database/</c>, archives in <c>storage/</c>, and in
/// <c>full/</c> JSON that joins one of each. They are only read. Files that somebody put into one directory are found too.
/// </summary>
internal sealed class PythonBackups
{
    private static readonly string[] Folders = ["database", "storage", "full"];

    private readonly List<PythonArchive> archives = [];
    private readonly List<PythonBackup> joined = [];

    private PythonBackups(string directory) => DirectoryPath = directory;

    public string DirectoryPath { get; }

    /// <summary>Oldest first. A database or archive that is part of a full backup does not stand by itself.</summary>
    public IReadOnlyList<PythonBackup> All { get; private set; } = [];

    /// <exception cref="UserError">A directory that is there cannot be listed.</exception>
    public static PythonBackups Find(string directory)
    {
        var found = new PythonBackups(directory);
        var all = FilesIn(directory);
        Array.ForEach(Folders, folder => all.AddRange(FilesIn(Path.Combine(directory, folder))));
        if (all.Count == 0)
        {
            // So it is where that system never was, and every list asks.
            return found;
        }

        var files = all.GroupBy(file => file.Name.Backup, StringComparer.Ordinal).ToList();
        foreach (var group in files.Where(group => group.First().Name.Type != SnapshotType.Full))
        {
            var name = group.First().Name;
            var kind = name.Type == SnapshotType.Database ? SourceKind.Database : SourceKind.Storage;
            if (new PythonArchives(group.Key, name.LocalTime, kind, [.. group]).Join() is { } archive)
            {
                found.archives.Add(archive);
            }
        }

        found.joined.AddRange(files.Where(group => group.First().Name.Type == SnapshotType.Full).Select(group => found.JoinFull(group.First())));
        var parts = found.joined.Where(full => full.Problem is null).SelectMany(full => full.Archives).Select(archive => archive.Name).ToHashSet();
        found.All =
        [
            .. found.joined.Concat(found.archives.Where(archive => !parts.Contains(archive.Name)).Select(PythonBackup.Of))
                .OrderBy(backup => backup.LocalTime).ThenBy(backup => backup.Name, StringComparer.Ordinal),
        ];
        return found;
    }

    /// <summary>The backup that a path is a file of, found where it lies; null if its name is none of that system's.</summary>
    /// <exception cref="UserError">It is not there.</exception>
    public static PythonBackup? FindFile(string path)
    {
        if (PythonFileName.Parse(Path.GetFileName(path)) is not { } name)
        {
            return null;
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var above = Folders.Contains(Path.GetFileName(directory)) ? Path.GetDirectoryName(directory)! : directory;
        return Find(above).Get(name.Backup) ?? throw UserError.Failed($"there is no backup {name.Backup} in {directory}", "check the path");
    }

    /// <summary>One by its name, also if it is part of a full one; null if there is none.</summary>
    public PythonBackup? Get(string name) =>
        joined.Find(full => full.Name == name) ?? (archives.Find(archive => archive.Name == name) is { } found ? PythonBackup.Of(found) : null);

    private static List<PythonFile> FilesIn(string directory)
    {
        try
        {
            return Directory.Exists(directory)
                ? [.. Directory.EnumerateFiles(directory, "*_backup_*")
                    .Select(path => PythonFileName.Parse(Path.GetFileName(path)) is { } name ? new PythonFile(path, name) : null).OfType<PythonFile>()]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UserError.Failed($"the directory {directory} cannot be listed: {e.Message}", "the owner of the backup directory, as whom root works there, must be able to read it", e);
        }
    }

    private PythonBackup JoinFull(PythonFile file)
    {
        var full = new PythonBackup { Name = file.Name.Backup, Type = SnapshotType.Full, LocalTime = file.Name.LocalTime };
        PythonMetadata metadata;
        try
        {
            metadata = PythonMetadata.Read(file.Path);
        }
        catch (DamageError e)
        {
            return full with { Problem = $"joins nothing: {Path.GetFileName(file.Path)} {e.Message}" };
        }

        var said = metadata.Errors.Count > 0 ? $" (it says: {string.Join("; ", metadata.Errors.Take(3))})" : "";
        if (metadata.Database is null || metadata.Storage is null)
        {
            var lacking = metadata.Database is null && metadata.Storage is null ? "neither database nor storage" : metadata.Database is null ? "no database" : "no storage";
            return full with { Problem = $"was never complete: it has {lacking}{said}" };
        }

        var (database, storage) = (Half(metadata.Database, SourceKind.Database, file.Name), Half(metadata.Storage, SourceKind.Storage, file.Name));
        full = full with { Database = database, Storage = storage };
        return full with
        {
            Problem = database is null || storage is null
                ? $"lacks {(database is null ? metadata.Database.FileName ?? "its database" : metadata.Storage.FileName ?? "its archive")}"
                : full.Archives.FirstOrDefault(half => half.Problem is not null) is { } bad ? $"needs {bad.Name}, which {bad.Problem}" : null,
        };
    }

    /// <summary>The archive that a full backup names; where it names none, the one of the same second.</summary>
    private PythonArchive? Half(PythonMetadata half, SourceKind kind, PythonFileName full)
    {
        var name = half.FileName ?? (half.Parts.Count > 0 ? half.Parts[0] : null);
        var backup = name is null ? null : PythonFileName.Parse(name)?.Backup;
        var found = archives.Find(archive => archive.Kind == kind && (backup is null ? archive.LocalTime == full.LocalTime : archive.Name == backup));
        // What the full backup knows of it is as good as metadata of its own.
        return found is { Metadata: null } && half.Checksum is not null ? found with { Metadata = half, Checksum = half.Checksum, Remarks = [] } : found;
    }
}
