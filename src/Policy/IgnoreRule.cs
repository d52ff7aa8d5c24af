namespace VertexAr.Backup.Policy;

/// <summary>One pattern of .gitignore.</summary>
internal sealed class IgnoreRule
{
    public IgnoreRule(string text)
    {
        Text = text;
        Negated = text.StartsWith('!');
        Body = TrimmedEnd(Negated ? text[1..] : text);
        Glob = new Glob(text.StartsWith('#') ? "" : Body);
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>It takes back in what an earlier one left out.</summary>
    public bool Negated { get; }

    /// <summary>Without <c>!</c> and without spaces at the end.</summary>
    public string Body { get; }

    public Glob Glob { get; }

    /// <summary>Spaces at the end count only behind a backslash.</summary>
    private static string TrimmedEnd(string text)
    {
        var end = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                end = Math.Min(++i + 1, text.Length);
            }
            else if (text[i] != ' ')
            {
                end = i + 1;
            }
        }

        return text[..end];
    }
}
