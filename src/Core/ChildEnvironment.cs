namespace VertexAr.Backup.Core;

/// <summary>What programs of others get of this process's environment: what any program needs, and what is chosen beyond. Secrets of whoever started this stay here.</summary>
internal static class ChildEnvironment
{
    /// <summary>What systemd gives a service that sets no PATH of its own.</summary>
    public const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>HOME, PATH, LANG and TZ, and the variables of these names as far as they are set.</summary>
    /// <param name="passed">Names.</param>
    public static Dictionary<string, string> Choose(IEnumerable<string> passed)
    {
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = UsualPath, ["LANG"] = "C.UTF-8" };
        foreach (var name in passed.Concat(["PATH", "LANG", "TZ", "HOME"]))
        {
            // Where root became another user, HOME is still root's.
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value && (name != "HOME" || Posix.Refusal(value, AccessKind.List) is null))
            {
                chosen[name] = value;
            }
        }

        return chosen;
    }
}
