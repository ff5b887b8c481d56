using Backup.Contracts;

namespace Backup.Tests.Tool.Surface;

public sealed class MigrateTests : IDisposable
{
    private readonly ToolRun tool = new();

    public void Dispose() => tool.Dispose();

    private static string Id(int round) => $"20260102t03040500{round}-abcdefgh";

    [Fact]
    public async Task Comes_near_and_says_that_it_is_ready()
    {
        tool.Runner.Backup = tool.Runner.Backup with { Warnings = ["there was no backup to build on: this is a full", "look"] };
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare"));
        Assert.Equal(new BackupRequest { Source = "prod", Archive = "main", Strategy = BackupStrategyKind.Incremental }, tool.Runner.Asked[0]);
        Assert.Equal(new RestoreRequest { Archive = "main", BackupId = FakeRunner.BackupId, Target = "spare", Mirror = true, Conflict = ConflictPolicy.Earlier }, tool.Runner.Asked[1]);
        Assert.Equal(2, tool.Runner.Asked.Count);
        Assert.Contains("spare is ready to take over from prod", tool.Out);
        Assert.Contains("note: look", tool.Out);
        Assert.DoesNotContain("build on", tool.Out);
        Assert.Contains("With --cutover the pause", tool.Out);
        Assert.Contains($"round 1: full backup {FakeRunner.BackupId}, 5 threads written", tool.Error);
    }

    [Fact]
    public async Task Rounds_go_on_while_they_get_shorter_and_look_only_at_what_changed()
    {
        // Seconds that the restores take: better, no better three times.
        double[] seconds = [60, 20, 10, 9.5, 12, 9.1];
        tool.Runner.Takes = seconds;
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--json"));
        var restores = tool.Runner.Asked.OfType<RestoreRequest>().ToList();
        Assert.Equal([null, .. Enumerable.Range(1, 5).Select(Id)], restores.Select(r => r.Since));
        Assert.Equal(Enumerable.Range(1, 6).Select(Id), restores.Select(r => r.BackupId));
        Assert.False(tool.Json.GetProperty("ready").GetBoolean());
        Assert.Equal(seconds, tool.Json.GetProperty("rounds").EnumerateArray().Select(r => r.GetProperty("seconds").GetDouble()));
        Assert.Equal((seconds.Sum(), Id(6)), (tool.Json.GetProperty("seconds").GetDouble(), tool.Json.GetProperty("backupId").GetString()));

        tool.Runner.Takes = [60, 1.5];
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--json"));
        Assert.True(tool.Json.GetProperty("ready").GetBoolean());
        // A source that nobody writes to is ready however long a look at it takes.
        tool.Runner.Restored = tool.Runner.Restored with { Unchanged = 5 };
        tool.Runner.Takes = [60, 50];
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--json"));
        Assert.Equal((true, 2), (tool.Json.GetProperty("ready").GetBoolean(), tool.Json.GetProperty("rounds").GetArrayLength()));
    }

    [Fact]
    public async Task A_cut_over_is_a_last_round_and_an_increment_of_both()
    {
        // Behind the first round the target gets a backup of its own, and the source has gone on meanwhile.
        tool.Runner.Takes = [1, 0.5, 0.75];
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover", "--yes", "--json"));
        Assert.Equal(["prod", "spare", "prod", "prod", "prod", "spare"], tool.Runner.Asked.OfType<BackupRequest>().Select(r => r.Source));
        Assert.All(tool.Runner.Asked.OfType<BackupRequest>(), r => Assert.Equal(BackupStrategyKind.Incremental, r.Strategy));
        Assert.Equal([null, Id(1), Id(2)], tool.Runner.Asked.OfType<RestoreRequest>().Select(r => r.Since));
        Assert.Empty(tool.Runner.Asked.OfType<VerifyRequest>());
        Assert.Equal((true, 0.75, 3, 2.25, Id(3)), (tool.Json.GetProperty("cutOver").GetBoolean(), tool.Json.GetProperty("pauseSeconds").GetDouble(), tool.Json.GetProperty("rounds").GetArrayLength(),
            tool.Json.GetProperty("seconds").GetDouble(), tool.Json.GetProperty("backupId").GetString()));
        tool.Runner.Takes = [];
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover", "--yes"));
        Assert.Contains("spare has taken over from prod: both hold exactly the same", tool.Out);
        Assert.Contains("Point the apps to spare now", tool.Out);
    }

    [Theory, InlineData("prod", "prod was written after the final increment"), InlineData("spare", "spare is not what the final increment holds")]
    public async Task A_difference_is_no_cut_over(string store, string said)
    {
        tool.Runner.DiffersFrom = store;
        Assert.Equal(6, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover", "--yes"));
        Assert.Contains($"NOT cut over: {said}", tool.Out);
        Assert.Contains("thread 't1': it is in the store but not in the backup", tool.Out);
        Assert.Contains("run the same command again", tool.Out);
        tool.Runner.Asked.Clear();
        Assert.Equal(6, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover", "--yes", "--json"));
        Assert.Equal((false, store == "prod" ? 1 : 0, store == "spare" ? 1 : 0),
            (tool.Json.GetProperty("cutOver").GetBoolean(), tool.Json.GetProperty("sourceDifferences").GetArrayLength(), tool.Json.GetProperty("targetDifferences").GetArrayLength()));
    }

    [Fact]
    public async Task A_change_that_was_taken_back_is_told_all_the_same()
    {
        tool.Runner.DiffersFrom = "prod";
        tool.Runner.DifferencesGone = true;
        Assert.Equal(6, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover", "--yes"));
        Assert.Contains("it was changed while it was compared", tool.Out);
    }

    [Fact]
    public async Task The_operator_says_when_the_writers_stand_still()
    {
        (tool.OnTerminal, tool.Input) = (true, "yes\n");
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover"));
        Assert.Contains("spare is ready to take over from prod", tool.Error);
        Assert.Contains("Stop everything that writes to prod now", tool.Error);
        tool.Runner.Asked.Clear();
        tool.Input = "no\n";
        Assert.Equal(130, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--cutover"));
        Assert.Contains("not confirmed; spare holds prod as it was", tool.Error);
        Assert.Equal(3, tool.Runner.Asked.OfType<BackupRequest>().Count());
    }

    [Fact]
    public async Task The_layout_is_that_of_every_round()
    {
        tool.Runner.Takes = [60, 1, 0.5, 0.75];
        Assert.Equal(0, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare", "--layout", "python-9", "--cutover", "--yes"));
        Assert.Equal(Enumerable.Repeat("python-9", 4), tool.Runner.Asked.OfType<RestoreRequest>().Select(r => r.Layout));
    }

    [Theory]
    [InlineData("--to", "spare")]
    [InlineData("--from", "prod")]
    [InlineData("--from", "prod", "--to", "prod")] // not writable
    [InlineData("--from", "spare", "--to", "spare")]
    [InlineData("--from", "prod", "--to", "spare", "--yes")]
    [InlineData("--from", "prod", "--to", "spare", "--cutover")] // nobody can be asked
    [InlineData("--from", "prod", "--to", "alias")] // the same store by another name
    [InlineData("--from", "prod", "--to", "other", "--layout", "python-10")] // a backup of everything would come first
    [InlineData("--from", "prod", "--to", "keys", "--layout", "python-9")] // has no tables
    public async Task Wrong_use_is_refused_before_anything_is_done(params string[] args)
    {
        tool.Configure("""
            {"Backup":{"Sources":{"prod":{"Kind":"postgres","ConnectionString":"Host=db"},"alias":{"Kind":"postgres","ConnectionString":"Host=db","Writable":true},"other":{"Kind":"postgres","ConnectionString":"Host=other","Writable":true},"keys":{"Kind":"redis","ConnectionString":"r","Writable":true},"spare":{"Kind":"memory","Writable":true}},
                       "Archives":{"main":{"Kind":"local","Path":"/a","KeyFile":"/k"}}}}
            """);
        Assert.Equal(2, await tool.RunAsync(["migrate", .. args]));
        Assert.Empty(tool.Runner.Asked);
    }

    [Fact]
    public async Task What_fails_ends_it_with_its_own_code()
    {
        Assert.Equal(4, await tool.RunAsync("migrate", "--from", "prod", "--to", "nowhere"));
        tool.Runner.Fails = new BackupException(ErrorKind.Conflict, "2 of the threads in 'spare' are not as any backup of this source has them");
        Assert.Equal(5, await tool.RunAsync("migrate", "--from", "prod", "--to", "spare"));
    }
}
