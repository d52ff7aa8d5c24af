namespace VertexAr.Backup.Config;

/// <summary>The part of the draft about signatures.</summary>
internal sealed class SigningDraft
{
    public Sourced<string>? KeyFile { get; set; }

    public Sourced<IReadOnlyList<string>>? Trust { get; set; }

    /// <summary>Null if nothing is signed and no key is known.</summary>
    public SigningSetting? Setting =>
        KeyFile is null && Trust is not { Value.Count: > 0 } ? null : new SigningSetting(KeyFile?.Value, Trust?.Value ?? []);

    /// <summary>For <c>config show</c>. Public keys are no secret, and a key file's path neither.</summary>
    public IEnumerable<SettingOrigin> Origins()
    {
        if (KeyFile is { } file)
        {
            yield return new SettingOrigin("signing.key_file", file.Value, file.Origin);
        }

        if (Trust is { } trust)
        {
            yield return new SettingOrigin("signing.trust", trust.Value.Count == 0 ? "none" : string.Join(", ", trust.Value), trust.Origin);
        }
    }
}
