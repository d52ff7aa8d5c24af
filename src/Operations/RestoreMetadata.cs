using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Owner, attributes, ACLs, mode and time of what is restored, in an order that leaves nobody more than he is to have at any moment:
/// giving a file away takes set-uid bits and capabilities from it; writing attributes needs a mode that lets us; and the group's
/// bits of the mode of a file with an ACL are its mask, so the ACL is there before they are.
/// </summary>
internal static class RestoreMetadata
{
    private const int SetUserId = 0x800;
    private const int SetGroupId = 0x400;

    /// <summary>FAT keeps times to two seconds, which is no loss to speak of.</summary>
    private const int RoundedSeconds = 2;

    /// <summary>An open file or directory of ours, whose content is written.</summary>
    public static void Apply(SafeFileHandle file, FileEntry entry, RestoreLosses losses)
    {
        SetOwner(file, [], entry, losses);
        var hasList = SetAttributes(AttributePlace.Of(file), entry, losses);
        var mode = Mode(entry, Posix.Status(file), hasList, losses);
        Posix.SetModeIfPlaceCan(file, mode);
        IfPlaceCan(() => Posix.SetModified(file, entry.Modified));
        Compare(entry, mode, Posix.Status(file), losses);
    }

    /// <summary>A symlink, which has no mode.</summary>
    /// <param name="directory">A directory of ours.</param>
    /// <param name="name">The link.</param>
    /// <param name="entry">As it was.</param>
    /// <param name="hasOwn">Whether it has a time and an owner of its own; see <see cref="LinkProbe"/>.</param>
    /// <param name="losses">Told what cannot be given back.</param>
    public static void ApplyToLink(SafeFileHandle directory, ReadOnlySpan<byte> name, FileEntry entry, bool hasOwn, RestoreLosses losses)
    {
        if (!hasOwn)
        {
            const string reason = "symlinks have no times and owners of their own there";
            losses.Add(RestoreLoss.Time, entry.Path, reason);
            var now = Posix.StatusAt(directory, name);
            if (Posix.IsRoot && (now.Uid != OwnerOf(entry) || now.Gid != GroupOf(entry)))
            {
                losses.Add(RestoreLoss.Owner, entry.Path, reason);
            }

            return;
        }

        SetOwner(directory, name, entry, losses);
        _ = SetAttributes(AttributePlace.Named(directory, name), entry, losses);
        Posix.SetModified(directory, name, entry.Modified);
    }

    /// <summary>A FIFO or device node that was just made in a directory of ours; it is not opened.</summary>
    public static void ApplyToSpecial(SafeFileHandle directory, byte[] name, FileEntry entry, RestoreLosses losses)
    {
        SetOwner(directory, name, entry, losses);
        var hasList = SetAttributes(AttributePlace.Named(directory, name), entry, losses);
        var mode = Mode(entry, Posix.StatusAt(directory, name), hasList, losses);
        IfPlaceCan(() => Posix.SetModeAt(directory, name, mode));
        IfPlaceCan(() => Posix.SetModified(directory, name, entry.Modified));
        Compare(entry, mode, Posix.StatusAt(directory, name), losses);
    }

    /// <summary>
    /// Root gives files back to whom they belonged; others own what they restore. A name known here counts more than a number. A root that
    /// may not do so, or not with this owner, keeps the file: so it is in a container without CAP_CHOWN, in a user namespace, and on FAT.
    /// </summary>
    public static void SetOwner(SafeFileHandle directory, ReadOnlySpan<byte> name, FileEntry entry, RestoreLosses losses)
    {
        if (!Posix.IsRoot)
        {
            return;
        }

        try
        {
            Posix.SetOwner(directory, name, OwnerOf(entry), GroupOf(entry));
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
            losses.Add(RestoreLoss.Owner, entry.Path, e.Message);
        }
    }

    /// <summary>Sets what does not decide about content. That the place has no such thing is no error; whoever counts losses looks at what is there then.</summary>
    public static void IfPlaceCan(Action set)
    {
        try
        {
            set();
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
        }
    }

    /// <summary>
    /// The mode that a file gets. Where its owner could not be given back, set-uid would make a program that somebody else wrote run
    /// with the rights of who restores it, or set-gid with those of his group.
    /// </summary>
    /// <param name="entry">The file as it was.</param>
    /// <param name="now">Who owns it now.</param>
    public static int ModeFor(FileEntry entry, in FileStatus now)
    {
        if (entry.Type == EntryType.Directory)
        {
            return entry.Mode;
        }

        var isOwners = now.Uid == OwnerOf(entry);
        var lost = (isOwners ? 0 : SetUserId) | (isOwners && now.Gid == GroupOf(entry) ? 0 : SetGroupId);
        return entry.Mode & ~lost;
    }

    /// <summary>Whether a file has the ACLs that it is to have and no others, and at least the attributes.</summary>
    public static bool HasAttributes(AttributePlace place, FileEntry entry)
    {
        var now = AttributeReader.Read(place) ?? new ExtendedAttributes();
        var wanted = entry.Attributes ?? new ExtendedAttributes();
        return IsSame(now.Access, wanted.Access) && IsSame(now.Default, wanted.Default)
            && Array.TrueForAll(wanted.Others, one => Array.Exists(
                now.Others, other => other.Name.AsSpan().SequenceEqual(one.Name) && other.Value.AsSpan().SequenceEqual(one.Value)));

        static bool IsSame(AccessEntry[] now, AccessEntry[] wanted) => AccessList.Format(now, IdOf).AsSpan().SequenceEqual(AccessList.Format(wanted, IdOf));
    }

    /// <summary>Takes away the ACL that a directory of ours got from the one above it: nothing made in it is to inherit from there.</summary>
    public static void RemoveInherited(SafeFileHandle directory)
    {
        var place = AttributePlace.Of(directory);
        place.Remove(AttributeReader.Default);
        place.Remove(AttributeReader.Access);
    }

    /// <summary>Some file systems take a mode or a time and keep another, and say nothing.</summary>
    private static void Compare(FileEntry entry, int mode, in FileStatus now, RestoreLosses losses)
    {
        if (now.Permissions != mode)
        {
            losses.Add(RestoreLoss.Mode, entry.Path, $"it is {Octal(now.Permissions)} instead of {Octal(mode)}");
        }

        if (Int128.Abs((Int128)now.Modified.Seconds - entry.Modified.Seconds) > RoundedSeconds)
        {
            losses.Add(RestoreLoss.Time, entry.Path, $"it is {now.Modified.ToNearestTime():u} instead of {entry.Modified.ToNearestTime():u}");
        }

        static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');
    }

    private static int Mode(FileEntry entry, in FileStatus now, bool hasList, RestoreLosses losses)
    {
        var mode = ModeFor(entry, now);
        if (mode != entry.Mode)
        {
            losses.AddSetId(entry.Path);
        }

        if (entry.Type != EntryType.Directory && (mode & (SetUserId | SetGroupId)) != 0 && losses.Distrust.Value is not null)
        {
            losses.DropSetId(entry.Path);
            mode &= ~(SetUserId | SetGroupId);
        }

        return hasList ? mode : AccessList.ModeWithout(entry.Attributes!.Access, mode);
    }

    /// <returns>False if the file has no ACL now and should have one.</returns>
    private static bool SetAttributes(AttributePlace place, FileEntry entry, RestoreLosses losses)
    {
        if (entry.Attributes is not { } attributes)
        {
            return true;
        }

        string? trouble = null;
        var areDropped = Array.Exists(attributes.Others, GivesRights) && losses.Distrust.Value is not null;
        foreach (var (name, value) in attributes.Others.Where(one => !areDropped || !GivesRights(one)))
        {
            _ = TrySet(place, [.. name, 0], value, ref trouble);
        }

        if (areDropped)
        {
            losses.DropCapability(entry.Path);
        }

        var hasList = attributes.Access.Length == 0 || TrySet(place, AttributeReader.Access, AccessList.Format(attributes.Access, IdOf), ref trouble);
        if (attributes.Default.Length > 0)
        {
            _ = TrySet(place, AttributeReader.Default, AccessList.Format(attributes.Default, IdOf), ref trouble);
        }

        if (trouble is not null)
        {
            losses.Add(RestoreLoss.Attributes, entry.Path, trouble);
        }

        return hasList;
    }

    /// <summary>Capabilities, and what overlays and others believe because only root can have written it.</summary>
    private static bool GivesRights(NamedAttribute attribute) => !attribute.Name.AsSpan().StartsWith("user."u8);

    private static bool TrySet(AttributePlace place, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref string? trouble)
    {
        try
        {
            place.Set(name, value);
            return true;
        }
        catch (PosixError e)
        {
            // Also of a "full disk": ext4 says so when the one block is full that a file has for attributes.
            trouble ??= e.Message;
            return false;
        }
    }

    private static uint OwnerOf(FileEntry entry) => entry.User is { } user ? Accounts.UserId(user) ?? entry.Uid : entry.Uid;

    private static uint GroupOf(FileEntry entry) => entry.Group is { } group ? Accounts.GroupId(group) ?? entry.Gid : entry.Gid;

    private static uint IdOf(AccessEntry entry) =>
        entry.Name is { } name ? (entry.Tag == AccessTag.User ? Accounts.UserId(name) : Accounts.GroupId(name)) ?? entry.Id : entry.Id;
}
