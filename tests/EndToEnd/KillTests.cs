using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>The process dies at every failpoint: nothing half is visible, and the same command then succeeds.</summary>
public sealed class KillTests(GeneratedStore store) : IAsyncLifetime
{
    private TestPostgres database = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await store.CopyAsync();
        tool = new Tool().Source("prod", database.ConnectionString, "agents").Source("copy", database.ConnectionString, "copy", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    [Theory]
    [InlineData("capture.cut")]
    [InlineData("capture.segment")]
    [InlineData("capture.shard:2")]
    [InlineData("capture.result:3")]
    [InlineData("seal.index")]
    [InlineData("seal.manifest")]
    public async Task A_backup_that_dies_is_not_there(string failpoint)
    {
        await tool.DieAsync(failpoint, "create", "prod");
        Assert.Equal(0, (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength());
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        await BackupAndRestoreAsync();
    }

    [Fact]
    public async Task A_backup_that_dies_after_its_seal_is_there_whole()
    {
        await tool.DieAsync("seal.seal", "create", "prod");
        Assert.Equal(1, (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength());
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        Assert.True((await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0).Json.GetProperty("exact").GetBoolean());
    }

    [Theory]
    [InlineData("restore.open")]
    [InlineData("restore.window")]
    [InlineData("restore.loaded")]
    [InlineData("restore.settled")]
    [InlineData("restore.committed")]
    public async Task A_restore_that_dies_can_be_run_again(string failpoint)
    {
        (await tool.RunAsync("create", "prod")).Expect(0);
        await tool.DieAsync(failpoint, "restore", "--source", "prod", "--to", "copy");
        var report = (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0).Json;
        Assert.True(report.GetProperty("exact").GetBoolean());
        await AssertSameAsync();
        // And in place, in one transaction that dies: nothing of it stays.
        await database.ExecuteAsync("DELETE FROM copy.checkpoint_writes");
        await tool.DieAsync(failpoint == "restore.committed" ? "restore.settled" : failpoint, "restore", "--source", "prod", "--to", "copy", "--conflict", "overwrite", "--yes");
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM copy.checkpoint_writes"));
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy", "--conflict", "overwrite", "--yes")).Expect(0);
        await AssertSameAsync();
    }

    // A few in every run of the tests, all of them where RECOVERY is all (tests/proof.sh recovery).
    public static TheoryData<string> CompactionDeaths() => Environment.GetEnvironmentVariable("RECOVERY") == "all"
        ? new("compact.claimed capture.segment compact.merged seal.index seal.manifest seal.seal", "compact.sealed") : new("compact.merged seal.seal");

    [Theory, MemberData(nameof(CompactionDeaths))]
    public async Task A_compaction_that_dies_changes_nothing_and_can_be_run_again(string failpoints)
    {
        (await tool.RunAsync("create", "prod")).Expect(0);
        for (var i = 0; i < 4; i++)
        {
            await database.ExecuteAsync($"DELETE FROM agents.checkpoint_writes WHERE thread_id = (SELECT thread_id FROM agents.checkpoints ORDER BY 1 OFFSET {i} LIMIT 1)");
            (await tool.RunAsync("create", "prod", "--strategy", "incremental")).Expect(0);
        }
        foreach (var failpoint in failpoints.Split(' '))
        {
            await tool.DieAsync(failpoint, "compact", "--source", "prod");
            Assert.Equal(5, (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength());
            Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean(), failpoint);
        }
        // Its seal was the last of what it did: behind it there is nothing left to do.
        var again = (await tool.RunAsync("compact", "--source", "prod")).Expect(0).Json;
        Assert.Equal(0, again.GetProperty("derived").GetArrayLength());
        Assert.InRange(again.GetProperty("layersBefore").GetInt32(), 1, 4);
        Assert.True((await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0).Json.GetProperty("exact").GetBoolean());
        await AssertSameAsync();
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    private async Task BackupAndRestoreAsync()
    {
        (await tool.RunAsync("create", "prod")).Expect(0);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        Assert.True((await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0).Json.GetProperty("exact").GetBoolean());
        await AssertSameAsync();
    }

    private async Task AssertSameAsync()
    {
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations" })
            Assert.Equal(0, await database.ScalarAsync<long>($"SELECT count(*) FROM ((TABLE agents.{table} EXCEPT ALL TABLE copy.{table}) UNION ALL (TABLE copy.{table} EXCEPT ALL TABLE agents.{table})) different"));
    }
}
