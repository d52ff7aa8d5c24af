using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Operations;

/// <summary>Finds owners of a snapshot's files, and users and groups in their ACLs, that are somebody else on this machine.</summary>
internal sealed class RestoreOwners
{
    private readonly Dictionary<(bool IsGroup, string? Name, uint Number), string?> judged = [];
    private readonly Dictionary<string, long> found = [];

    /// <summary>A sentence for each of them, with the number of files.</summary>
    public IReadOnlyList<string> Sentences => [.. found.Select(one => $"{Units.Count(one.Value, "file")}: {one.Key}")];

    public void Add(FileEntry entry)
    {
        Note(isGroup: false, entry.User, entry.Uid);
        Note(isGroup: true, entry.Group, entry.Gid);
        if (entry.Attributes is { } attributes)
        {
            foreach (var one in attributes.Access.Concat(attributes.Default).Where(one => one.IsNamed))
            {
                Note(one.Tag == AccessTag.Group, one.Name, one.Id);
            }
        }
    }

    private void Note(bool isGroup, string? name, uint number)
    {
        if (!judged.TryGetValue((isGroup, name, number), out var stranger))
        {
            stranger = isGroup
                ? OwnerMapping.Stranger("group", name, number, Accounts.GroupId, Accounts.GroupName)
                : OwnerMapping.Stranger("user", name, number, Accounts.UserId, Accounts.UserName);
            judged.Add((isGroup, name, number), stranger);
        }

        if (stranger is not null)
        {
            found[stranger] = found.GetValueOrDefault(stranger) + 1;
        }
    }
}
