using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>
/// Snapshots are written as the day of the year 2026, the host, ':' and the machine if it is known, '/' and the path of its only source, and '=' and
/// the name of that source where it is another than 'srv'; after '~' comes the path, '/' and a name, of a source that its type does not cover; after '+' comes another source with its path, '/' and its name; an 'i' at the end if it was imported. We are host A on machine m, with /srv.
/// </summary>
public sealed class SiteIdentityTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 19, 3, 0, 0, TimeSpan.Zero);

    private static readonly SiteIdentity Here = new("A", "m", [new SiteSource("srv", SourceKind.Storage, "/srv"), new SiteSource("db", SourceKind.Database, "/db")]);

    [Theory]
    [InlineData("1A:m/srv", true)]
    [InlineData("1A/srv", true)]
    [InlineData("1A:m/srv=other", true)]
    [InlineData("1A:m/old", false)]
    [InlineData("1A:m/oldi", true)]
    [InlineData("1A:m/old=otheri", false)]
    [InlineData("1A:n/srv", false)]
    [InlineData("1B:m/srv", false)]
    [InlineData("1B/srv", false)]
    public void Own_is_what_was_made_on_this_machine_of_what_lies_where_our_sources_do(string snapshot, bool isOwn)
    {
        Assert.Equal(isOwn, Here.IsOwn(Read(snapshot).Header));
        Assert.True((Here with { Sources = [] }).IsOwn(Read(snapshot).Header));
    }

    [Theory]
    [InlineData("1A:m/srv 2B:n/srv 3A:m/x=y", "1")]
    [InlineData("1B:m/srv 98A:m/srv 99A:m/srv 100A:m/srv", "1 98 99 100")]
    [InlineData("1B:m/srv 50B:m/srv 98A:m/srv 99A:m/srv 100A:m/srv", "98 99 100")]
    [InlineData("1B/srv 99A:m/srv 100A:m/srv", "1 99 100")]
    [InlineData("1B:n/srv 99A:m/srv 100A:m/srv", "99 100")]
    [InlineData("1A:n/srv 99A:m/srv 100A:m/srv", "1 99 100")]
    [InlineData("1A:n/srv 20A:n/srv 99A:m/srv 100A:m/srv", "99 100")]
    [InlineData("1A:m/old 99A:m/srv 100A:m/srv", "1 99 100")]
    [InlineData("1A:m/old=x 99A:m/srv 100A:m/srv", "99 100")]
    [InlineData("1B:m/srv 2B:m/srv", "")]
    // One night by a clock that is ahead is no proof that ninety days went by; nor are two where there are earlier ones, nor what is imported.
    [InlineData("1B:m/srv 100A:m/srv", "100")]
    [InlineData("1B:m/srv 2A:m/srv 100A:m/srv", "2 100")]
    [InlineData("1B:m/srv 2A:m/srv 99A:m/srv 100A:m/srv", "2 99 100")]
    [InlineData("1B:m/srv 2A:m/srv 98A:m/srv 99A:m/srv 100A:m/srv", "1 2 98 99 100")]
    [InlineData("1B:m/srv 99A:m/srvi 100A:m/srv", "99 100")]
    // Nor is what is dated later than the clock says.
    [InlineData("1B:m/srv 201A:m/srv 202A:m/srv 203A:m/srv", "201 202 203")]
    public void Former_names_and_places_are_rotated_with_ours_after_ninety_days_of_silence(string snapshots, string rotated)
    {
        var all = snapshots.Split(' ').Select(Read).ToList();
        var ids = Here.Rotated([.. all.Select(snapshot => snapshot.Header)], Now);
        Assert.Equal(rotated, string.Join(' ', all.Where(snapshot => ids.Contains(snapshot.Id)).Select(snapshot => snapshot.Id.Time.DayOfYear)));
    }

    /// <summary>Of two sites that share a tree, each has a source beside it that is there, and that the other does not know.</summary>
    [Theory]
    [InlineData("1A:m/srv+x 2A:m/srv", "", "1 2")]
    [InlineData("1A:m/srv+x 2A:m/srv", "/x", "2")]
    [InlineData("1A:m/srv+x 50A:m/srv+x 99A:m/srv 100A:m/srv", "/x", "99 100")]
    [InlineData("1A:m/srv+x 99A:m/srv 100A:m/srv", "/x", "1 99 100")]
    [InlineData("1A:m/srv+db 2A:m/srv", "/db /srv", "1 2")]
    [InlineData("1A:m/srv~x 2A:m/srv~db", "/db", "1 2")]
    [InlineData("1A:m/srv~x 2A:m/srv~db", "/x /db", "2")]
    [InlineData("1A:m/old 99A:m/srv 100A:m/srv", "/old", "99 100")]
    [InlineData("1A:m/old 99A:m/srv 100A:m/srv", "/srv", "1 99 100")]
    public void What_has_a_source_elsewhere_that_is_there_is_another_sites(string snapshots, string there, string rotated)
    {
        var all = snapshots.Split(' ').Select(Read).ToList();
        var ids = (Here with { IsThere = path => there.Split(' ').Contains(path) }).Rotated([.. all.Select(snapshot => snapshot.Header)], Now);
        Assert.Equal(rotated, string.Join(' ', all.Where(snapshot => ids.Contains(snapshot.Id)).Select(snapshot => snapshot.Id.Time.DayOfYear)));
    }

    [Theory]
    [InlineData("/srv", true)]
    [InlineData("/other", false)]
    public void What_was_imported_is_of_the_site_for_which_it_was(string place, bool isOwn)
    {
        var header = Read("1A:m/oldi").Header;
        header = header with { Origin = header.Origin! with { For = [place, "/one"] } };
        Assert.Equal(isOwn, Here.IsOwn(header));
        Assert.Equal(isOwn ? 2 : 1, (Here with { IsThere = path => path == "/other" }).Rotated([header, Read("200A:m/srv").Header], Now).Count);
    }

    [Theory]
    [InlineData("1A:m/srv 2B:m/srv", "1")]
    [InlineData("1B:m/srv 2B:n/srv 3A:m/old", "1")]
    [InlineData("2B:n/srv 3A:m/old", "3")]
    [InlineData("1B:n/srv 2A:m/x=y 3C:n/old", "1 3")]
    [InlineData("1B:n/x=y 2A:m/x=y", "1 2")]
    [InlineData("", "")]
    public void The_nearest_are_ours_or_those_that_may_be(string snapshots, string near)
    {
        var all = snapshots.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Read).ToList();
        Assert.Equal(near, string.Join(' ', Here.Nearest(all).Select(snapshot => snapshot.Id.Time.DayOfYear)));
    }

    /// <summary>Ours have nothing beside us that is there; where they lack a source, those count that have all of ours and something that was taken out of the configuration.</summary>
    [Theory]
    [InlineData("1A:m/srv+db 2A:m/srv+x", "/x", "1")]
    [InlineData("1A:m/srv+db 2A:m/srv+x", "", "1 2")]
    [InlineData("1A:m/srv+x 2A:m/srv+x", "/x", "1 2")]
    [InlineData("1A:m/srv+db+x 2A:m/srv", "/x", "1 2")]
    [InlineData("1A:m/srv+x 2A:m/srv", "/x", "2")]
    [InlineData("1A:m/srv+db+x 2A:m/srv+db", "/x", "2")]
    public void The_nearest_have_nothing_of_another_site(string snapshots, string there, string near)
    {
        var all = snapshots.Split(' ').Select(Read).ToList();
        Assert.Equal(near, string.Join(' ', (Here with { IsThere = path => there.Split(' ').Contains(path) }).Nearest(all).Select(snapshot => snapshot.Id.Time.DayOfYear)));
    }

    /// <summary>It shares /srv with us and calls its tree at /x as we call our database's neighbour.</summary>
    [Theory]
    [InlineData("1A:m/srv+x", "/x", true)]
    [InlineData("1A:m/srv+x", "", false)] // moved
    [InlineData("1A:m/old+x", "/x", false)] // it shares nothing with us: moved, with what was left behind
    public void A_source_beside_a_shared_one_is_anothers_while_its_place_is_there(string snapshot, string there, bool isOthers)
    {
        var header = Read(snapshot).Header;
        var site = new SiteIdentity("A", "m", [.. Here.Sources, new SiteSource("x", SourceKind.Storage, "/y")]) { IsThere = path => there == path };
        Assert.Equal(isOthers, site.IsOthers(header, header.Sources[1]));
        Assert.Equal(isOthers ? "db x" : "db", string.Join(' ', site.Unsaved([header]).Select(source => source.Name)).Replace("srv ", "", StringComparison.Ordinal));
        Assert.False(site.IsOthers(header, header.Sources[0] with { Path = "/srv" }));
    }

    [Theory]
    [InlineData("1A:m/old", "/srv", "", true)]
    [InlineData("1A:m/old", "/other", "/other", false)]
    [InlineData("1A:m/old", "/other", "", true)] // our former place
    [InlineData("1A:m/old", "/srv /other", "/other", false)] // of two that share a tree
    [InlineData("1A:m/old", "", "/old", true)] // it was not recorded
    [InlineData("1B:n/old", "/srv", "", false)] // another machine with the same configuration
    [InlineData("1B:m/old", "/srv", "", true)]
    [InlineData("1B/old", "/srv", "", true)]
    public void What_was_imported_for_another_site_need_be_imported_for_ours(string snapshot, string places, string there, bool mayBeOurs)
    {
        var header = Read(snapshot + "i").Header;
        header = header with { Origin = header.Origin! with { For = places.Length == 0 ? null : places.Split(' ') } };
        Assert.Equal(mayBeOurs, (Here with { IsThere = path => there == path }).MayBeImportedForUs(header));
    }

    [Fact]
    public void Rotation_judges_ours_alone_and_gives_the_others_their_reason()
    {
        List<Snapshot> all = [Read("1A:m/srv"), Read("2B:n/srv"), Read("3A:m/srv"), Read("4B:n/srv")];
        var decisions = Retention.Decide(RetentionItem.Of(all, Here, all[^1].Id.Time), new RetentionRules(1), TimeZoneInfo.Utc);
        Assert.Equal(
            ["4: of another site, on B", "2: of another site, on B", "3: newest 1, newest complete", "1: "],
            decisions.Select(decision => $"{decision.Item.Id.Time.DayOfYear}: {string.Join(", ", decision.Reasons)}"));
    }

    /// <summary>The other site's newest is complete: that settles nothing for ours, which lost its content.</summary>
    [Fact]
    public void What_another_site_has_neither_holds_our_rotation_nor_lets_it_go()
    {
        Snapshot[] all = [Read("1A:m/srv"), Marked("2A:m/srv"), Read("3B:n/x=y")];
        Assert.Equal("srv", Assert.Single(ShrinkHold.Of(RetentionItem.Of(all, Here, all[^1].Id.Time))).Name);
        all = [Read("1A:m/srv"), Marked("2B:n/srv")];
        Assert.Empty(ShrinkHold.Of(RetentionItem.Of(all, Here, all[^1].Id.Time)));
    }

    private static Snapshot Marked(string text)
    {
        var (id, header) = Read(text);
        return new Snapshot(id, header with { Sources = [header.Sources[0] with { Shrunk = new ShrunkSource("20260101T000000Z", ["all"], IsAccepted: false) }] });
    }

    private static Snapshot Read(string text)
    {
        var (line, beside) = text.Split('~') is [var plain, var place] ? (plain, $"/{place}") : (text, null);
        var (front, rest) = line.TrimEnd('i').Split('/') is [var one, var two] ? (one, two) : throw new ArgumentException(text, nameof(text));
        var host = front.TrimStart([.. "0123456789"]);
        var time = new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.Zero).AddDays(int.Parse(front[..^host.Length], System.Globalization.CultureInfo.InvariantCulture) - 1);
        var id = SnapshotId.At(time);
        return new Snapshot(id, new SnapshotHeader
        {
            FormatVersion = 1,
            Requires = [],
            Id = id.ToString(),
            Type = SnapshotType.Storage,
            State = SnapshotState.Complete,
            Host = host.Split(':')[0],
            Machine = host.Split(':') is [_, var machine] ? machine : null,
            Tool = "tool",
            StartedAt = time,
            FinishedAt = time,
            Sources =
            [
                new SourceSummary
                {
                    Name = rest.Split('+')[0].Split('=') is [_, var name] ? name : "srv", Kind = SourceKind.Storage, Path = "/" + rest.Split('+')[0].Split('=')[0],
                    Files = 1, Directories = 1, Symlinks = 0, Bytes = 1, NewBytes = 1,
                },
                .. rest.Split('+').Skip(1).Select(other => new SourceSummary
                {
                    Name = other, Kind = other == "db" ? SourceKind.Database : SourceKind.Storage, Path = "/" + other,
                    Files = 1, Directories = 1, Symlinks = 0, Bytes = 1, NewBytes = 1,
                }),
            ],
            Origin = text.EndsWith('i') ? new SnapshotOrigin(SnapshotOrigin.Python, "b", 1, default) : null,
            Beside = beside is null ? [] : [beside],
            StoredBytes = 0,
            Warnings = WarningSummary.None,
            Files = new PartFile(0, default, 0),
            Packs = new PartFile(0, default, 0),
        });
    }
}
