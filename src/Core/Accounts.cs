using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>Users and groups by number and by name, each looked up once.</summary>
internal static unsafe class Accounts
{
    private static readonly ConcurrentDictionary<uint, string?> Users = new();
    private static readonly ConcurrentDictionary<uint, string?> Groups = new();
    private static readonly ConcurrentDictionary<string, uint?> UserIds = new();
    private static readonly ConcurrentDictionary<string, uint?> GroupIds = new();

    private delegate int Lookup(PosixCalls.AccountBuffer* account, byte* text, nuint size, PosixCalls.AccountBuffer** result);

    /// <summary>The user's name; null if the machine knows none.</summary>
    public static string? UserName(uint uid) =>
        Users.GetOrAdd(uid, static id => Find((a, t, s, r) => PosixCalls.UserById(id, a, t, s, r))?.Name);

    /// <summary>Whom the Debian package makes to run backups; null where nobody has.</summary>
    public static string? PackageUser => UserId("vertex-ar") is null ? null : "vertex-ar";

    /// <summary>What to call a user: by name, or by its number.</summary>
    /// <param name="uid">The number.</param>
    /// <param name="before">What comes before a number: sudo wants "#".</param>
    public static string UserText(uint uid, string before = "") => UserName(uid) ?? string.Create(CultureInfo.InvariantCulture, $"{before}{uid}");

    public static string? GroupName(uint gid) =>
        Groups.GetOrAdd(gid, static id => Find((a, t, s, r) => PosixCalls.GroupById(id, a, t, s, r))?.Name);

    /// <summary>Whether a group is a user's own, with the user's name and nobody else in it, as Debian makes one for each user.</summary>
    public static bool IsAlone(uint uid, uint gid) =>
        UserName(uid) is { } user && GroupName(gid) == user && Members(gid).All(member => member == user) && !HaveGroup(gid).Any(other => other != user);

    public static uint? UserId(string name) => UserIds.GetOrAdd(name, static n => FindByName(n, PosixCalls.UserByName)?.Id);

    public static uint? GroupId(string name) => GroupIds.GetOrAdd(name, static n => FindByName(n, PosixCalls.GroupByName)?.Id);

    /// <summary>The user's number and that of its group; null if the machine knows none of that name.</summary>
    public static (uint Uid, uint Gid)? User(string name) => FindByName(name, PosixCalls.UserByName) is { } user ? (user.Id, user.Group) : null;

    /// <summary>
    /// Becomes another user for good, with that user's groups (all threads). Called before any other thread works.
    /// </summary>
    public static void Become(uint uid, uint gid)
    {
        SetSupplementaryGroups(uid, gid);
        Check(PosixCalls.SetGroups(gid, gid, gid));
        Check(PosixCalls.SetUsers(uid, uid, uid));
    }

    /// <summary>
    /// Lets root work with the rights of another user, with that user's groups (all threads), until what this returns is disposed. To
    /// others the process stays root's, so that the other user can neither signal nor trace it. Children are the other user's for
    /// good if they are started by way of <see cref="TiedChild"/>.
    /// </summary>
    /// <param name="user">Null changes nothing.</param>
    public static IDisposable? ActAs((uint Uid, uint Gid)? user) => user is var (uid, gid) ? new Acting(uid, gid) : null;

    /// <summary>If this process acts as another user, becomes it for good, and cannot go back.</summary>
    public static void BecomeWhomOneActsAs()
    {
        if (PosixCalls.RealUser() != PosixCalls.EffectiveUser())
        {
            var (uid, gid) = (PosixCalls.EffectiveUser(), PosixCalls.EffectiveGroup());
            Check(PosixCalls.SetGroups(gid, gid, gid));
            Check(PosixCalls.SetUsers(uid, uid, uid));
        }
    }

    private static void SetSupplementaryGroups(uint uid, uint gid)
    {
        if (UserName(uid) is { } name)
        {
            fixed (byte* text = Terminated(name))
            {
                Check(PosixCalls.InitGroups(text, gid));
            }
        }
        else
        {
            Check(PosixCalls.SetSupplementaryGroups(1, &gid));
        }
    }

    private static (string Name, uint Id, uint Group)? FindByName(string name, NameLookup lookup)
    {
        return Find((a, t, s, r) =>
        {
            fixed (byte* text = Terminated(name))
            {
                return lookup(text, a, t, s, r);
            }
        });
    }

    private static List<string> Members(uint gid)
    {
        var members = new List<string>();
        Find((account, text, size, result) =>
        {
            var error = PosixCalls.GroupById(gid, account, text, size, result);
            if (error == 0 && *result != null)
            {
                for (var member = account->Members; *member != null; member++)
                {
                    members.Add(Marshal.PtrToStringUTF8((nint)(*member))!);
                }
            }

            return error;
        });
        return members;
    }

    /// <summary>Users of this machine whose first group it is: a group's members do not name them. Without that file, none is known.</summary>
    private static IEnumerable<string> HaveGroup(uint gid)
    {
        const int name = 0, group = 3, fields = 7;
        try
        {
            return [.. RegularFile.ReadLines("/etc/passwd").Select(line => line.Split(':'))
                .Where(user => user.Length == fields && user[group] == gid.ToString(CultureInfo.InvariantCulture)).Select(user => user[name])];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static (string Name, uint Id, uint Group)? Find(Lookup lookup)
    {
        // 34 is ERANGE: a group with very many members needs a larger buffer.
        for (var size = 4096; size <= 1 << 20; size *= 4)
        {
            PosixCalls.AccountBuffer account;
            PosixCalls.AccountBuffer* result = null;
            fixed (byte* text = new byte[size])
            {
                var error = lookup(&account, text, (nuint)size, &result);
                if (error != 34)
                {
                    return error == 0 && result != null ? (Marshal.PtrToStringUTF8((nint)account.Name)!, account.Id, account.GroupId) : null;
                }
            }
        }

        return null;
    }

    private static byte[] Terminated(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new PosixError(Marshal.GetLastPInvokeError());
        }
    }

    private sealed class Acting : IDisposable
    {
        private const uint Same = uint.MaxValue;

        private readonly uint user = PosixCalls.EffectiveUser();
        private readonly uint group = PosixCalls.EffectiveGroup();
        private readonly uint[] groups;

        public Acting(uint uid, uint gid)
        {
            groups = new uint[Math.Max(0, PosixCalls.SupplementaryGroups(0, null))];
            fixed (uint* all = groups)
            {
                Check(PosixCalls.SupplementaryGroups(groups.Length, all));
            }

            SetSupplementaryGroups(uid, gid);
            Check(PosixCalls.SetGroups(Same, gid, Same));
            Check(PosixCalls.SetUsers(Same, uid, Same));
        }

        public void Dispose()
        {
            Check(PosixCalls.SetUsers(Same, user, Same));
            Check(PosixCalls.SetGroups(Same, group, Same));
            fixed (uint* all = groups)
            {
                Check(PosixCalls.SetSupplementaryGroups((nuint)groups.Length, all));
            }
        }
    }

    private delegate int NameLookup(
        byte* name, PosixCalls.AccountBuffer* account, byte* text, nuint size, PosixCalls.AccountBuffer** result);
}
