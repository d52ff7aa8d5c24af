using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>What the snapshots of this machine and its configuration are known by.</summary>
internal static class ThisSite
{
    public static SiteIdentity Of(Settings settings) => new(
        System.Environment.MachineName,
        MachineIdentity.Read(),
        [
            .. settings.Databases.Select(database => new SiteSource(database.Name, SourceKind.Database, database.Path)),
            .. settings.Storage.Select(tree => new SiteSource(tree.Name, SourceKind.Storage, tree.Path)),
        ])
    {
        IsThere = RealPath.MayBeThereBeside([.. settings.Databases.Select(database => database.Path), .. settings.Storage.Select(tree => tree.Path)]),
    };
}
