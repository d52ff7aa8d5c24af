using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Config;

/// <summary>A configuration file for one test, and the settings that come of it. FILE in messages stands for its path.</summary>
internal sealed class ConfigFile : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public string FilePath => path;

    public string Text
    {
        set => File.WriteAllText(path, value);
    }

    public Dictionary<string, string> Environment { get; } = [];

    public LoadedSettings Load(string? backupDir = null, int? maxBackups = null) =>
        SettingsLoader.Load(path, backupDir, Environment.GetValueOrDefault, maxBackups);

    public string BackupDir(string? backupDir = null) => SettingsLoader.BackupDir(path, backupDir, Environment.GetValueOrDefault);

    /// <summary>The lines of the error that loading ends in.</summary>
    public string[] Errors() => Lines(Assert.Throws<UserError>(() => Load()));

    public string[] Lines(UserError error)
    {
        Assert.Equal(ExitCode.Usage, error.Code);
        return error.Message.Replace(path, "FILE", StringComparison.Ordinal).Split('\n');
    }

    public void Dispose() => File.Delete(path);
}
