using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>What a file has besides mode, owner and times: its ACLs, and attributes with values of any bytes.</summary>
internal sealed record ExtendedAttributes
{
    /// <summary>The most bytes that the names and values of one file may take: a file list is held in memory line by line.</summary>
    public const int MostBytes = 1 << 20;

    private const int LongestName = 255;

    /// <summary>Who may access it; empty where the mode says all.</summary>
    public AccessEntry[] Access { get; init; } = [];

    /// <summary>Of a directory: the ACL that new files in it begin with; empty for none.</summary>
    public AccessEntry[] Default { get; init; } = [];

    /// <summary>All others, sorted by name; names are bytes, and need not be UTF-8.</summary>
    public NamedAttribute[] Others { get; init; } = [];

    public bool IsEmpty => Access.Length + Default.Length + Others.Length == 0;

    /// <summary>Whether an attribute of this name is saved as it is. ACLs are saved too, but in words.</summary>
    public static bool IsSaved(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= LongestName && !name.Contains((byte)0)
        && ((name.StartsWith("user."u8) && name.Length > 5) || name.SequenceEqual("security.capability"u8)
            // XFS shows root its own form of the ACLs, once more.
            || (name.StartsWith("trusted."u8) && name.Length > 8 && !name.StartsWith("trusted.SGI_ACL_"u8)));

    /// <exception cref="DamageError">No file has such attributes.</exception>
    public void Check()
    {
        FileEntryJson.Expect(IsEmptyOrValid(Access) && IsEmptyOrValid(Default), "holds a bad ACL");
        var bytes = 0L;
        for (var i = 0; i < Others.Length; i++)
        {
            var (name, value) = (Others[i].Name, Others[i].Value);
            FileEntryJson.Expect(IsSaved(name) && value.Length <= AttributePlace.LongestValue, "holds a bad attribute");
            FileEntryJson.Expect(i == 0 || Others[i - 1].Name.AsSpan().SequenceCompareTo(name) < 0, "holds an attribute twice");
            bytes += name.Length + value.Length;
        }

        FileEntryJson.Expect(bytes <= MostBytes, "holds too many attributes of one file");
    }

    private static bool IsEmptyOrValid(AccessEntry[] entries) => entries.Length == 0 || AccessList.IsValid(entries);
}

/// <summary>An extended attribute. The name says its namespace, as <c>user.origin</c>.</summary>
internal readonly record struct NamedAttribute(byte[] Name, byte[] Value);
