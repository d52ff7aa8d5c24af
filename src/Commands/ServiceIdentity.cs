using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>The user that the service runs as, and whether it may read whatever there is.</summary>
internal sealed record ServiceIdentity(string User, string Group, bool ReadsEverything)
{
    /// <summary>Out of the installed unit, drop-ins counted; where there is none, whom a run by hand works as.</summary>
    public static ServiceIdentity Find(string? backupDirectory)
    {
        if (UnitFiles.Read(ServiceSandbox.Unit) is not { } unit)
        {
            return ByHand(backupDirectory);
        }

        var (user, group, capabilities) = ("", "", "");
        foreach (var (key, value) in UnitText.Settings([unit, .. UnitFiles.ReadDropIns(ServiceSandbox.Unit)]))
        {
            switch (key)
            {
                case "User":
                    user = value;
                    break;
                case "Group":
                    group = value;
                    break;
                case "AmbientCapabilities":
                    capabilities = value.Length == 0 ? "" : $"{capabilities} {value}";
                    break;
            }
        }

        user = user.Length == 0 ? "root" : user;
        return new ServiceIdentity(user, group.Length == 0 ? user : group, user == "root" || capabilities.Contains("CAP_DAC_READ_SEARCH", StringComparison.Ordinal));
    }

    /// <summary>The owner of the backup directory: root becomes that user (<see cref="Surroundings.BecomeOwner"/>), and nobody else may write there.</summary>
    private static ServiceIdentity ByHand(string? backupDirectory)
    {
        var (uid, gid) = (Posix.EffectiveUser, (uint?)null);
        if (backupDirectory is not null && OwnerOf(backupDirectory) is { } owner)
        {
            (uid, gid) = (owner.Uid, owner.Gid);
        }

        var user = Accounts.UserText(uid);
        return new ServiceIdentity(user, gid is { } group ? Accounts.GroupName(group) ?? Number(group) : user, uid == 0);
    }

    /// <summary>As root, becomes that user, so that what is looked at is seen as the service sees it. False if there is no such user.</summary>
    public bool Become()
    {
        if (!Posix.IsRoot)
        {
            return true;
        }

        if ((Accounts.User(User) ?? ByNumber(User)) is not var (uid, gid))
        {
            return false;
        }

        Accounts.Become(uid, Accounts.GroupId(Group) ?? ByNumber(Group)?.Gid ?? gid);
        return true;
    }

    /// <summary>The owner of the backup directory; null if there is none, or it cannot be looked at, which is said of the directory.</summary>
    public static (uint Uid, uint Gid)? OwnerOf(string backupDirectory)
    {
        try
        {
            return Posix.StatusOrNull(backupDirectory) is { IsDirectory: true } status ? (status.Uid, status.Gid) : null;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>Who has a number and no name: the owner of a directory on a disk of another machine, or of a container.</summary>
    private static (uint Uid, uint Gid)? ByNumber(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (number, number) : null;

    private static string Number(uint id) => id.ToString(CultureInfo.InvariantCulture);
}
