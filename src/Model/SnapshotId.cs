using System.Globalization;

namespace VertexAr.Backup.Model;

/// <summary>A snapshot's name: the second it was started, in UTC, as <c>20261123T020000Z</c>. Sorting the texts sorts the snapshots.</summary>
internal readonly record struct SnapshotId : IComparable<SnapshotId>
{
    /// <summary>Characters of the text form.</summary>
    public const int TextSize = 16;

    private const string Pattern = "yyyyMMdd'T'HHmmss'Z'";

    private readonly string? text;

    private SnapshotId(string text) => this.text = text;

    public static SnapshotId At(DateTimeOffset time) =>
        new(time.UtcDateTime.ToString(Pattern, CultureInfo.InvariantCulture));

    public static SnapshotId? Parse(string text) =>
        DateTime.TryParseExact(text, Pattern, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out _)
            ? new SnapshotId(text)
            : null;

    /// <summary>The second it is named after.</summary>
    public DateTimeOffset Time => DateTimeOffset.ParseExact(ToString(), Pattern, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>The name a second later.</summary>
    public SnapshotId Next() => At(Time.AddSeconds(1));

    public static bool operator <(SnapshotId left, SnapshotId right) => left.CompareTo(right) < 0;

    public static bool operator >(SnapshotId left, SnapshotId right) => left.CompareTo(right) > 0;

    public static bool operator <=(SnapshotId left, SnapshotId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SnapshotId left, SnapshotId right) => left.CompareTo(right) >= 0;

    public int CompareTo(SnapshotId other) => string.CompareOrdinal(text, other.text);

    public override string ToString() => text ?? "";
}
