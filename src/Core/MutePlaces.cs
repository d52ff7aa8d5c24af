using System.Collections.Concurrent;

namespace VertexAr.Backup.Core;

/// <summary>
/// File systems that fail when they are asked for a file's attributes, instead of saying that they have none: rclone mount 1.60 with an error of input and
/// output, while it says the truth of directories. Only FUSE does so. Where the top directory can tell its attributes, such an error is one.
/// </summary>
internal static class MutePlaces
{
    private static readonly ConcurrentDictionary<ulong, MountedPlace?> Known = new();

    private static volatile bool isAnyFound;

    /// <summary>Whether any was met so far.</summary>
    public static bool IsAnyFound => isAnyFound;

    /// <summary>For people, those that were met so far: "/mnt/cloud (fuse.rclone)".</summary>
    public static string Found => string.Join(", ", Known.Values.OfType<MountedPlace>().Select(place => $"{place.Point} ({place.Type})").Order(StringComparer.Ordinal));

    /// <summary>Whether a file whose attributes could not be read is in one.</summary>
    public static bool Hold(in FileStatus status) => status.MountId != 0 && Known.GetOrAdd(status.MountId, Find) is not null;

    private static MountedPlace? Find(ulong id)
    {
        var place = MountTable.Read().All.FirstOrDefault(mount => mount.Id == id && mount.Type.StartsWith("fuse", StringComparison.Ordinal));
        if (place is null || !AttributePlace.At(place.Point).TellsNothing())
        {
            return null;
        }

        isAnyFound = true;
        return place;
    }
}
