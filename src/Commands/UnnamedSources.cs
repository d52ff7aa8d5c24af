using VertexAr.Backup.Config;

namespace VertexAr.Backup.Commands;

/// <summary>What a configuration does not name is not saved, and an operator who forgot it must hear so.</summary>
internal static class UnnamedSources
{
    /// <summary>One row for each kind of source of which none is named.</summary>
    public static IEnumerable<(string Key, string Sentence, string Hint)> Of(Settings settings)
    {
        if (settings.Databases.Count == 0)
        {
            yield return ("databases", "the configuration names no database: none is saved", "if the application has one, name it in \"databases\"");
        }

        if (settings.Storage.Count == 0)
        {
            yield return ("storage", "the configuration names no storage: no files are saved", "if the application keeps files, name their tree in \"storage\"");
        }
    }
}
