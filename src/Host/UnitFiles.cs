namespace VertexAr.Backup.Host;

/// <summary>The text of an installed systemd unit, found where systemd looks for it (systemd.unit(5)).</summary>
internal static class UnitFiles
{
    // Earlier directories hide files of the same name in later ones.
    private static readonly string[] Directories =
        ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

    /// <summary>The unit itself, without its drop-ins; null if it is not installed.</summary>
    public static string? Read(string unit) => Directories.Select(directory => Path.Combine(directory, unit)).Select(Text).FirstOrDefault(text => text is not null);

    /// <summary>The unit's drop-ins, in the order in which they count.</summary>
    public static IReadOnlyList<string> ReadDropIns(string unit) =>
    [
        .. Directories.Select(directory => Path.Combine(directory, unit + ".d")).Where(Directory.Exists)
            .SelectMany(Files).DistinctBy(Path.GetFileName).OrderBy(Path.GetFileName, StringComparer.Ordinal).Select(Text).OfType<string>(),
    ];

    private static IEnumerable<string> Files(string directory)
    {
        try
        {
            return Directory.GetFiles(directory, "*.conf");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
