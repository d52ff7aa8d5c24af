namespace VertexAr.Backup.Operations;

/// <summary>Remarks on steps as sentences.</summary>
internal static class RestoreWords
{
    /// <param name="remark">What there is to say.</param>
    /// <param name="path">The place that it is about.</param>
    /// <param name="fresh">Its staging name.</param>
    /// <param name="moved">Where what was in place is now.</param>
    public static string? Of(StepRemark remark, string path, string fresh, string moved) => remark switch
    {
        StepRemark.None => null,
        StepRemark.NewerKept when moved == fresh => $"{path} was replaced after the restore was killed; the newer one is kept with what was there before",
        StepRemark.NewerKept => $"{path} was replaced or made after the restore was killed; the newer one is kept as {moved}",
        StepRemark.DeletedBrought => $"{path} was deleted after the restore was killed; the restored one is put in its place",
        StepRemark.ChangedAfterwards => $"{path} was replaced or deleted after it had been restored; that is left as it is",
        StepRemark.ChangedBefore => $"{path} was replaced or deleted after the restore was killed, which had not reached it; that is left as it is",
        StepRemark.NewerMovedAway => $"{path} was replaced after it had been restored; what was there before is put back, and the newer one is kept as {moved}",
        StepRemark.DeletedPutBack => $"{path} was deleted after it had been restored; what was there before is put back",
        StepRemark.OldIsGone => $"what was at {path} before is not there any more, so the restored one stays",
        _ => throw new NotSupportedException(remark.ToString()),
    };
}
