using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>A file of the Python system, and what its name tells.</summary>
internal sealed record PythonFile(string Path, PythonFileName Name);

/// <summary>Puts the files of one backup of the Python system together: which of them are its content, in which order, and what proves it.</summary>
internal sealed class PythonArchives(string name, DateTime localTime, SourceKind kind, List<PythonFile> files)
{
    private readonly List<string> remarks = [];

    /// <summary>Null if only metadata is left of it.</summary>
    public PythonArchive? Join()
    {
        var whole = files.FindAll(file => file.Name.Role == PythonFileRole.Content && file.Name.Type != SnapshotType.Full)
            .OrderBy(file => Preference(file.Path)).ThenBy(file => file.Path, StringComparer.Ordinal).Select(file => file.Path).ToList();
        var parts = files.FindAll(file => file.Name.Role == PythonFileRole.Part)
            .OrderBy(file => file.Name.Part).ThenBy(file => file.Path, StringComparer.Ordinal).ToList();
        if (whole.Count + parts.Count == 0)
        {
            return null;
        }

        // Parts of what has to be converted first give way to the result.
        var isSplit = whole.Count == 0;
        var metadata = ReadMetadata(isSplit);
        List<string> content = isSplit ? [.. parts.Select(part => part.Path)] : [whole[0]];
        return new PythonArchive
        {
            Name = name,
            Kind = kind,
            LocalTime = localTime,
            Files = content,
            Bytes = Units.Sum(content.Select(Size)),
            IsSplit = isSplit,
            Metadata = metadata,
            Checksum = ChecksumOf(metadata, content[0]),
            Problem = isSplit ? Gap(parts, metadata) : null,
            Remarks = remarks,
        };
    }

    private static long Size(string path)
    {
        try
        {
            return Posix.StatusOrNull(path)?.Size ?? 0;
        }
        catch (PosixError)
        {
            // Whoever opens it says so.
            return 0;
        }
    }

    /// <summary>Of several files with the same content, what can be read, and has a checksum, first.</summary>
    private static int Preference(string path) => Path.GetExtension(path) switch
    {
        ".gz" or ".tgz" or ".db" => 0,
        ".bz2" or ".xz" => 2,
        _ => 1,
    };

    /// <summary>The metadata that says most of what is there: one that names parts, where there are only parts.</summary>
    private PythonMetadata? ReadMetadata(bool isSplit)
    {
        var read = new List<PythonMetadata>();
        foreach (var (path, _) in files.Where(file => file.Name.Role == PythonFileRole.Metadata)
            .OrderBy(file => (file.Name.Part > 0) != isSplit).ThenBy(file => file.Path, StringComparer.Ordinal))
        {
            try
            {
                read.Add(PythonMetadata.Read(path));
            }
            catch (DamageError e)
            {
                remarks.Add($"its metadata {Path.GetFileName(path)} {e.Message}");
            }
        }

        return read.Find(metadata => metadata.Parts.Count > 0 == isSplit) ?? read.FirstOrDefault();
    }

    /// <summary>The checksum, unless it is of the same content in another form: somebody converted it since.</summary>
    private Digest? ChecksumOf(PythonMetadata? metadata, string file)
    {
        if (metadata?.Checksum is not { } checksum)
        {
            remarks.Add(metadata is { HasOtherChecksum: true }
                ? "the checksum in its metadata is no SHA-256, so only its own structure proves it"
                : $"{(metadata is null ? "it has no metadata" : "its metadata has no checksum")}, so only its own structure proves it");
            return null;
        }

        var described = metadata.Parts.Count > 0 ? metadata.Parts[0] : metadata.FileName;
        if (described is not null && Path.GetExtension(described) != Path.GetExtension(file) && PythonFileName.Parse(described) is not null)
        {
            remarks.Add($"the checksum in its metadata is of {described}, so only its own structure proves {Path.GetFileName(file)}");
            return null;
        }

        return checksum;
    }

    /// <summary>What is wrong with the numbers of the parts; null if they are all there, each once.</summary>
    private static string? Gap(List<PythonFile> parts, PythonMetadata? metadata)
    {
        var named = metadata?.Parts ?? [];
        var twice = parts.GroupBy(part => part.Name.Part).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
        {
            return $"has part {twice.Key} twice: {string.Join(" and ", twice.Select(part => Path.GetFileName(part.Path)))}";
        }

        var there = parts.Select(part => part.Name.Part).ToHashSet();
        var last = named.Count > 0 ? Math.Max(named.Count, 1) : there.Max();
        var missing = Enumerable.Range(1, last).Where(number => !there.Contains(number)).ToList();
        if (missing.Count > 0)
        {
            return $"lacks {(missing.Count == 1 ? "its part" : "its parts")} {string.Join(", ", missing.Take(5).Select(Described))}"
                + (missing.Count > 5 ? $" and {missing.Count - 5} more" : "") + $" of {last}";
        }

        return there.Max() > last
            ? $"has a part {there.Max()} ({Path.GetFileName(parts[^1].Path)}), and its metadata names only {last}"
            : null;

        string Described(int number) => named.FirstOrDefault(text => PythonFileName.Parse(text)?.Part == number) is { } file
            ? $"{number.ToString(CultureInfo.InvariantCulture)} ({file})"
            : number.ToString(CultureInfo.InvariantCulture);
    }
}
