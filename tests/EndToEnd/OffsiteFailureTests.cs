using System.Diagnostics;
using System.Globalization;

namespace VertexAr.Backup.EndToEnd;

/// <summary>An rclone that fails, lies or hangs: the snapshot here is saved, and nothing half done is seen there.</summary>
public sealed class OffsiteFailureTests : IDisposable
{
    private readonly Site site = new();
    private readonly SecondPlace place;

    public OffsiteFailureTests() => place = new SecondPlace(site);

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_copy_that_fails_is_a_warning_and_is_not_healthy_until_one_succeeds()
    {
        place.ReplaceRclone("""[[ $verb = copy ]] && { echo '2026/11/26 00:31:16 Failed to copy: 403 Forbidden' >&2; exit 1; }""");

        site.Run("create").Succeeds().Says("warning: the snapshot is saved here, but not in the second place: ", "rclone says: Failed to copy: 403 Forbidden");

        site.Run("status").Ends(1).Prints("'offsite push' failed", "no snapshot was ever copied");
        Assert.Empty(place.Files());
        place.Settings.Remove("rclone");
        site.Run("offsite", "push").Succeeds();
        site.Run("status").Succeeds().Prints("off-site      the newest was made just now");
    }

    [Theory]
    [InlineData("""[[ $verb = copy || $verb = move ]] && exit 0""")]
    [InlineData("""[[ $verb = copy ]] && { "$real" "$@"; find "$(dirname "$note")/second" -name '*.tar.gz' -exec truncate -s -1 {} +; exit 0; }""")]
    [InlineData("""[[ $verb = move ]] && { "$real" "$@"; find "$(dirname "$note")/second/packs" -name '*.tar.gz' | head -n 1 | xargs -r rm; exit 0; }""")]
    public void What_rclone_says_of_itself_is_not_believed(string script)
    {
        place.ReplaceRclone(script);
        site.Create("--no-offsite");

        site.Run("offsite", "push").Ends(1);

        Assert.DoesNotContain(place.Files(), file => file.StartsWith("snapshots/", StringComparison.Ordinal));
        place.Settings.Remove("rclone");
        site.Run("offsite", "push").Succeeds();
        place.AssertIsCopy();
    }

    [Fact]
    public void A_bad_end_is_no_failure_if_all_is_there()
    {
        place.ReplaceRclone("""[[ $verb = copy || $verb = move ]] && { "$real" "$@"; exit 1; }""");

        site.Run("create").Succeeds().Prints("copied 1 new snapshot");

        place.AssertIsCopy();
    }

    [Fact]
    public void Nothing_that_gets_on_for_too_long_is_given_up()
    {
        place.ReplaceRclone("""[[ $verb = copy ]] && exec sleep 1000""");
        place.Settings["timeout_seconds"] = 5;
        site.Create("--no-offsite");
        var watch = Stopwatch.StartNew();

        site.Run("offsite", "push").Fails(1, "did not get on for 5 seconds");

        Assert.InRange(watch.Elapsed.TotalSeconds, 5, 60);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    [InlineData("KILL", 137)]
    public void However_the_program_ends_rclone_ends_with_it(string signal, int code)
    {
        place.ReplaceRclone("""[[ $verb = copy ]] && { echo $$ > "$note"; exec sleep 1000; }""");
        site.Create("--no-offsite");
        using var push = site.Start(["offsite", "push"]);
        Assert.True(SpinWait.SpinUntil(() => place.Note.EndsWith('\n'), TimeSpan.FromSeconds(60)), "rclone never began");
        var child = int.Parse(place.Note, CultureInfo.InvariantCulture);

        push.Signal(signal);

        push.Wait().Ends(code);
        Assert.True(SpinWait.SpinUntil(() => HasEnded(child), TimeSpan.FromSeconds(30)), "rclone goes on");
        place.Settings.Remove("rclone");
        site.Run("offsite", "push").Succeeds();
        place.AssertIsCopy();
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(site.Backups, "staging")));
    }

    [Fact]
    public void A_copy_that_is_told_to_stop_leaves_the_backup_before_it_a_success()
    {
        place.ReplaceRclone("""[[ $verb = copy ]] && { echo $$ > "$note"; exec sleep 1000; }""");
        using var create = site.Start(["create"]);
        Assert.True(SpinWait.SpinUntil(() => place.Note.EndsWith('\n'), TimeSpan.FromSeconds(60)), "rclone never began");

        create.Signal("TERM");

        create.Wait().Succeeds().Says("copying it to the second place was stopped");
        Assert.Single(site.Snapshots());
    }

    [Fact]
    public void Two_copies_at_once_exclude_each_other_and_a_backup_goes_on_beside_one()
    {
        place.ReplaceRclone("""[[ $verb = copy ]] && { echo $$ > "$note"; exec sleep 1000; }""");
        site.Create("--no-offsite");
        using var push = site.Start(["offsite", "push"]);
        Assert.True(SpinWait.SpinUntil(() => place.Note.EndsWith('\n'), TimeSpan.FromSeconds(60)), "rclone never began");

        site.Run("offsite", "push").Fails(11, "another run is copying");
        site.Run("create").Succeeds().Says("another run is copying");

        push.Signal("TERM");
        push.Wait().Ends(143);
    }

    [Fact]
    public void Its_environment_is_chosen_and_its_arguments_hold_no_secret()
    {
        place.ReplaceRclone("""{ env; printf '%s\n' "$@"; } >> "$note" """);

        site.Run(["create"], new Dictionary<string, string?>
        {
            ["AWS_CA_BUNDLE"] = "/nonexistent",
            ["TELEGRAM_BOT_TOKEN"] = "123:hush",
            ["RCLONE_TRANSFERS"] = "3",
            ["AWS_SECRET_ACCESS_KEY"] = "hushhush",
        }).Succeeds();

        var lines = place.Note.Split('\n');
        Assert.Contains("RCLONE_TRANSFERS=3", lines);
        Assert.Contains("AWS_SECRET_ACCESS_KEY=hushhush", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("AWS_CA_BUNDLE", StringComparison.Ordinal) || line.Contains("123:hush", StringComparison.Ordinal));
    }

    [Fact]
    public void What_it_says_is_shown_without_secrets()
    {
        place.ReplaceRclone(
            """[[ $verb = lsjson ]] && { echo '2026/11/26 00:31:16 Failed to lsjson: Get "https://me:hush@s3.example.org/b?X-Amz-Signature=hush": EOF' >&2; exit 1; }""");
        site.Create("--no-offsite");

        var result = site.Run("offsite", "push").Fails(1, "rclone says: Failed to lsjson: Get \"https://…@s3.example.org/b?…\": EOF");

        Assert.DoesNotContain("hush", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", File.ReadAllText(Path.Combine(site.Backups, "runs/offsite-push.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_is_cut_short_is_no_list()
    {
        site.Create();
        place.ReplaceRclone("""[[ $verb = lsjson ]] && { "$real" "$@" | head -n 3; exit 0; }""");

        site.Run("offsite", "push").Fails(1, "cannot be listed");
        site.Run("offsite", "status").Fails(1, "cannot be listed");
    }

    [Fact]
    public void Without_rclone_one_sentence_says_what_to_install()
    {
        site.Create("--no-offsite");

        site.Run(["offsite", "push"], new Dictionary<string, string?> { ["PATH"] = "/nonexistent" }).Fails(1, "rclone is not installed", "apt install rclone");
        site.Run(["doctor"], new Dictionary<string, string?> { ["PATH"] = "/nonexistent" }).Ends(1).Prints("failed   rclone: rclone is not installed");
    }

    [Fact]
    public void Doctor_looks_at_the_second_place()
    {
        site.Create();
        Command.Run("chmod", "644", place.Config);
        site.Run("doctor").Prints("warning  rclone's configuration", "ok       rclone: v", "ok       second place: ");

        place.Settings["remote"] = "nowhere:x";
        site.Run("doctor").Ends(1).Prints("failed   second place: nowhere:x cannot be reached");
        File.AppendAllText(place.Config, "[nowhere]\ntype = sftp\nhost = 127.0.0.1\nport = 1\nuser = me\n");
        site.Run("doctor").Ends(1).Prints("its server's key is not checked", "known_hosts_file");
    }

    [Theory]
    [InlineData("push")]
    [InlineData("pull")]
    [InlineData("status")]
    [InlineData("verify")]
    public void Without_a_second_place_all_of_it_says_so(string action)
    {
        site.Settings.Remove("offsite");
        site.Create();

        site.Run("offsite", action).Fails(2, "no second place is configured");
    }

    private static bool HasEnded(int process) =>
        !File.Exists($"/proc/{process}/stat") || File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].StartsWith('Z');
}
