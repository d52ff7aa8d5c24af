using System.Text;

namespace VertexAr.Backup.Model;

/// <summary>Name and kind of a source: what makes it the same source in two snapshots.</summary>
internal sealed record SourceName(string Name, SourceKind Kind)
{
    private readonly byte[] bytes = Encoding.UTF8.GetBytes(Name);

    public bool Is(ReadOnlySpan<byte> name) => name.SequenceEqual(bytes);

    public bool Equals(SourceName? other) => other is not null && Name == other.Name && Kind == other.Kind;

    public override int GetHashCode() => HashCode.Combine(Name, Kind);
}
