namespace VertexAr.Backup.Policy;

/// <summary>What an owner of a snapshot's files becomes on this machine: a name that is known here counts more than the number.</summary>
internal static class OwnerMapping
{
    /// <summary>Says who gets files that were somebody else's; null if the owner is the one that was recorded, as far as that can be known.</summary>
    /// <param name="kind">"user" or "group".</param>
    /// <param name="name">As recorded; null if the machine there had no name for the number.</param>
    /// <param name="number">As recorded.</param>
    /// <param name="numberOf">The number that a name has here; null if it is unknown.</param>
    /// <param name="nameOf">The name that a number has here; null if it is unknown.</param>
    /// <returns>A clause, as "the user 'alice' (1000) becomes 'bob', who has that number here".</returns>
    public static string? Stranger(string kind, string? name, uint number, Func<string, uint?> numberOf, Func<uint, string?> nameOf)
    {
        if (name is null)
        {
            return null;
        }

        if (numberOf(name) is { } here)
        {
            return here == number || (here != 0 && number != 0) ? null : $"the {kind} '{name}' ({number} in the snapshot) becomes number {here}, which that name has here";
        }

        return number != 0 && nameOf(number) is { } other ? $"the {kind} '{name}' ({number}), who is unknown here, becomes '{other}', who has that number" : null;
    }
}
