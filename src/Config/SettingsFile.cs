using VertexAr.Backup.Core;

namespace VertexAr.Backup.Config;

/// <summary>The configuration file: which one, and its content.</summary>
internal static class SettingsFile
{
    public const string Default = "/etc/vertex-ar-backup/config.json";
    public const string Variable = "VERTEX_AR_BACKUP_CONFIG";

    // A configuration is a page or two; this is some other file.
    private const int Largest = 1 << 18;

    /// <summary>The file that is read, if it is there.</summary>
    public static string Name(string? named, Func<string, string?> environment, string defaultFile = Default) => Named(named, environment) ?? defaultFile;

    /// <summary>The file that an option or the environment names; null for the usual one.</summary>
    public static string? Named(string? named, Func<string, string?> environment) => named ?? EnvironmentBinder.Value(environment, Variable)?.Value;

    /// <summary>Whether there is a file that may not be read by whoever asks.</summary>
    public static bool IsHidden(string? named, Func<string, string?> environment)
    {
        try
        {
            using var _ = Posix.OpenToRead(Posix.Here, Posix.Bytes(Name(named, environment)), follow: true);
            return false;
        }
        catch (PosixError e)
        {
            return e.Number == PosixError.AccessDenied;
        }
    }

    /// <summary>The tree and the file's name; null when no file is named and there is none in the default place.</summary>
    /// <exception cref="UserError">A named file is missing, or the file cannot be read, or is no JSON.</exception>
    public static (string File, JsonTree Tree)? Read(string? named, Func<string, string?> environment, string defaultFile)
    {
        var variable = EnvironmentBinder.Value(environment, Variable)?.Value;
        var file = Name(named, environment, defaultFile);
        var namedBy = named is not null ? "--config" : variable is not null ? $"environment {Variable}" : null;
        return Content(file, namedBy) is { } bytes ? (file, Parse(file, bytes)) : null;
    }

    private static JsonTree Parse(string file, byte[] bytes)
    {
        try
        {
            return JsonTreeReader.Read(bytes);
        }
        catch (JsonSyntaxException e)
        {
            throw UserError.Usage($"{file}:{e.Line}: this is not valid JSON: {e.Message}");
        }
    }

    /// <summary>Asks by opening: whether a file exists in a directory one may not enter, nothing else tells apart.</summary>
    private static byte[]? Content(string file, string? namedBy)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return ReadAll(stream) ?? throw UserError.Usage($"the configuration file '{file}' is too large to be one");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return namedBy is null ? null : throw UserError.Usage($"there is no configuration file '{file}' (named by {namedBy})");
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(file))
        {
            throw UserError.Usage($"the configuration file '{file}' is a directory");
        }
        catch (UnauthorizedAccessException)
        {
            throw UserError.Usage(
                $"no right to read the configuration file '{file}'",
                "run it as root or as the service's user, or name a file with --config");
        }
        catch (IOException e)
        {
            throw UserError.Usage($"cannot read the configuration file '{file}': {new PosixError(PosixError.NumberOf(e)).Message}");
        }
    }

    /// <summary>Null when there is too much. The length is not asked for: the file may be a pipe.</summary>
    private static byte[]? ReadAll(FileStream stream)
    {
        var buffer = new byte[Largest + 1];
        var read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return read > Largest ? null : buffer[..read];
    }
}
