using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary>The keys that the configuration names.</summary>
internal static class Signing
{
    /// <summary>The key that snapshots are signed with; null if they are not.</summary>
    /// <exception cref="UserError">It cannot be used: nothing is saved that later would be refused.</exception>
    public static SigningKey? Key(Settings settings) => settings.Signing?.KeyFile is { } file ? SigningKey.Read(file) : null;
}
