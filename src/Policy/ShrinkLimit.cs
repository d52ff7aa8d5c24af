namespace VertexAr.Backup.Policy;

/// <summary>How much a source may lose from one run to the next without a question, in percent; null: everything.</summary>
internal sealed record ShrinkLimit(int? Percent)
{
    public const int DefaultPercent = 50;

    public static ShrinkLimit Default { get; } = new(DefaultPercent);
}
