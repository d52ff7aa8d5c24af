using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Which sources of a plan can be saved, found out before anything is stored. One that is missing does not keep the others from being saved.</summary>
internal sealed class CreateSources
{
    private readonly CreatePlan plan;
    private readonly TimeProvider clock;
    private readonly Dictionary<string, UserError> missing = [];
    private readonly HashSet<string> inPlace = [];

    public CreateSources(CreatePlan plan, TimeProvider clock)
    {
        this.plan = plan;
        this.clock = clock;

        // The order of the file list is the order of names, so that it does not change when the configuration is rearranged.
        Databases = plan.Type.Covers(SourceKind.Database) ? [.. plan.Databases.OrderBy(d => d.Name, StringComparer.Ordinal)] : [];
        Trees = plan.Type.Covers(SourceKind.Storage) ? [.. plan.Trees.OrderBy(t => t.Name, StringComparer.Ordinal)] : [];
    }

    /// <summary>Those that the snapshot is of, missing or not.</summary>
    public List<DatabaseOptions> Databases { get; }

    public List<TreeOptions> Trees { get; }

    public IEnumerable<SourceName> Names =>
        [.. Databases.Select(d => new SourceName(d.Name, SourceKind.Database)), .. Trees.Select(t => new SourceName(t.Name, SourceKind.Storage))];

    /// <summary>What the databases name, to be asked where the snapshot covers both.</summary>
    public IEnumerable<ReferenceQuery> References => plan.Type == SnapshotType.Full ? plan.References.Select(query =>
        Trees.Find(tree => tree.Name == query.Storage) is { } tree ? query with { Inner = InnerPlace.In(tree, Databases, Trees) } : query) : [];

    /// <summary>By their names, those that cannot be saved, and why.</summary>
    public IReadOnlyDictionary<string, UserError> Missing => missing;

    /// <summary>The plan without what is missing.</summary>
    public CreatePlan Present => plan with
    {
        Databases = [.. plan.Databases.Where(d => IsThere(d.Name)).Select(d => Databases.Find(known => known.Name == d.Name) ?? d)],
        Trees = [.. plan.Trees.Where(t => IsThere(t.Name))],
    };

    private bool AreAllMissing => missing.Count == Databases.Count + Trees.Count;

    /// <exception cref="UserError">All are missing, whatever a repository has of them, or there are none.</exception>
    public void Check()
    {
        var places = new Lazy<ForeignPlaces>(plan.FindPlaces);
        Databases.ForEach(database => Try(database.Name, () => plan.Watch.Require(PlaceWatch.Database(database.Name), database.Path), () => new SqliteSource(database, clock).Look()));
        Trees.ForEach(tree => Look(tree, places));
        if (missing.Count > 0 && (plan.Origin is not null || (AreAllMissing && !(Databases.Exists(IsNoDatabase) && FoundRepository.IsAt(plan.BackupDirectory)))))
        {
            throw missing.Values.First();
        }

        if (Databases.Count + Trees.Count == 0)
        {
            throw UserError.Usage($"the configuration names no {(plan.Type == SnapshotType.Storage ? "storage" : "database")}, so there is nothing to back up as {plan.Type.Word()}");
        }
    }

    /// <summary>A file that an earlier snapshot has as a database, and that is none any more, is a damaged one: it is saved as it is.</summary>
    /// <exception cref="UserError">All are missing.</exception>
    public void Compare(IReadOnlyList<Snapshot> snapshots)
    {
        for (var i = 0; plan.Origin is null && i < Databases.Count; i++)
        {
            if (snapshots.Any(s => s.Header.HasSaved(new SourceName(Databases[i].Name, SourceKind.Database), Databases[i].Path)))
            {
                _ = IsNoDatabase(Databases[i]) && missing.Remove(Databases[i].Name);
                Databases[i] = Databases[i] with { IsKnownAsDatabase = true };
            }
        }

        if (AreAllMissing)
        {
            throw missing.Values.First();
        }
    }

    /// <summary>A look at a tree that is about to be read: its disk may be gone by now.</summary>
    /// <returns>Why it is missing; null if it is there.</returns>
    public UserError? LookAgain(TreeOptions tree, ForeignPlaces places)
    {
        Look(tree, new Lazy<ForeignPlaces>(places));
        return missing.GetValueOrDefault(tree.Name);
    }

    public bool IsThere(string name) => !missing.ContainsKey(name);

    private void Look(TreeOptions tree, Lazy<ForeignPlaces> places) =>
        Try(tree.Name, () => plan.Watch.RequireTree(tree.Name, tree.Path, () => new TreeMounts(tree, places.Value)), () => DirectorySource.Check(tree));

    private bool IsNoDatabase(DatabaseOptions database) => missing.ContainsKey(database.Name) && inPlace.Contains(database.Name) && new SqliteSource(database, clock).IsOtherFile();

    private void Try(string source, Action watch, Action look)
    {
        try
        {
            if (plan.Origin is null)
            {
                watch();
            }

            inPlace.Add(source);
            look();
        }
        catch (UserError e)
        {
            missing.Add(source, e);
        }
    }
}
