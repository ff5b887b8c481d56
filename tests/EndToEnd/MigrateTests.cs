using System.Diagnostics;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Backup.Tests.EndToEnd.Support;
using StackExchange.Redis;

namespace Backup.Tests.EndToEnd;

/// <summary>A store moves while real LangGraph writes to it, through deaths at every stage; then it is cut over, exactly, or refused.</summary>
public sealed class MigrateTests(GeneratedStore store) : IAsyncLifetime
{
    private const string Bucket = "migrations";
    private readonly AmazonS3Client s3 = new(new BasicAWSCredentials(Tool.S3Server.UserInfo.Split(':')[0], Tool.S3Server.UserInfo.Split(':')[1]), new AmazonS3Config { ServiceURL = $"http://{Tool.S3Server.Authority}", ForcePathStyle = true });
    private TestPostgres database = null!;
    private LangGraph langGraph = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await store.CopyAsync();
        langGraph = new(database.ConnectionString);
        // Every session of the tool with the source is one that cannot write.
        tool = new Tool().Source("prod", database.ConnectionString + ";Options=-c default_transaction_read_only=on", "agents").Source("copy", database.ConnectionString, "copy", writable: true).Redis("redis").S3("s3", Bucket);
        await s3.PutBucketAsync(Bucket);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        s3.Dispose();
        await database.DisposeAsync();
    }

    // A few in every run of the tests, all of them where RECOVERY is all (tests/proof.sh recovery).
    public static TheoryData<string, string> Deaths() => Environment.GetEnvironmentVariable("RECOVERY") == "all"
        ? new(("copy", "capture.shard:2 seal.manifest restore.open restore.window restore.settled restore.committed increment.captured seal.seal"), ("redis", "seal.seal restore.window restore.loaded restore.committed increment.captured"), ("s3", "seal.seal restore.open restore.window restore.loaded restore.committed increment.captured"))
        : new(("copy", "capture.shard:2 restore.window"), ("redis", "restore.loaded increment.captured"));

    [Theory, MemberData(nameof(Deaths))]
    public async Task A_store_moves_while_it_is_written_and_whoever_moves_it_dies(string to, string deaths)
    {
        using var writer = Write();
        string[] migrate = ["migrate", "--from", "prod", "--to", to];
        foreach (var failpoint in deaths.Split(' '))
        {
            await tool.DieAsync(failpoint, migrate);
            await ForgetMarkAsync();
        }
        var near = (await tool.RunAsync(migrate)).Expect(0).Json;
        Assert.Equal(("incremental", JsonValueKind.Null), (near.GetProperty("rounds")[0].GetProperty("strategy").GetString(), near.GetProperty("pauseSeconds").ValueKind));
        // The writer goes on: that is noticed, and the target has not taken over.
        var refused = (await tool.RunAsync([.. migrate, "--cutover", "--yes"])).Expect(6).Json;
        Assert.False(refused.GetProperty("cutOver").GetBoolean());
        Assert.Equal(0, refused.GetProperty("targetDifferences").GetArrayLength());
        Assert.All(refused.GetProperty("sourceDifferences").EnumerateArray(), d => Assert.Equal("prod", d.GetProperty("object").GetString()));
        Assert.NotEqual(0, refused.GetProperty("sourceDifferences").GetArrayLength());

        await StopAsync(writer);
        var report = (await tool.RunAsync([.. migrate, "--cutover", "--yes"])).Expect(0).Json;
        Assert.True(report.GetProperty("cutOver").GetBoolean());
        Assert.InRange(report.GetProperty("threads").GetInt64(), 6, long.MaxValue);
        Assert.InRange(report.GetProperty("pauseSeconds").GetDouble(), 0.001, report.GetProperty("seconds").GetDouble());
        // What the two hold, told by others than the migration: backups of both from nothing, and the tables.
        var roots = new List<string>();
        foreach (var side in new[] { "prod", to }) roots.Add((await tool.RunAsync("create", side, "--strategy", "full")).Expect(0)["stateRoot"]);
        Assert.Equal([report.GetProperty("stateRoot").GetString()!, report.GetProperty("stateRoot").GetString()!], roots);
        if (to == "copy") await AssertSameTablesAsync();
    }

    [Fact]
    public async Task What_apps_wrote_into_the_target_is_not_replaced_by_another_run()
    {
        (await tool.RunAsync("migrate", "--from", "prod", "--to", "copy", "--cutover", "--yes")).Expect(0);
        // The target has taken over; the source, by mistake, is moved again.
        (await langGraph.RunAsync("generate", "--schema", "copy", "--threads", "5", "--turns", "6", "--start", "5")).Expect(0);
        var before = await RowsAsync();
        var error = (await tool.RunAsync("migrate", "--from", "prod", "--to", "copy", "--cutover", "--yes")).Expect(5).Failure.GetProperty("message").GetString();
        Assert.Contains("are not as any backup of this source has them", error, StringComparison.Ordinal);
        Assert.Equal(before, await RowsAsync());
    }

    [Fact]
    public async Task Threads_that_go_in_the_source_go_in_the_target()
    {
        (await tool.RunAsync("migrate", "--from", "prod", "--to", "redis")).Expect(0);
        var thread = await database.ScalarAsync<string>("SELECT min(thread_id) FROM agents.checkpoints");
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }) await database.ExecuteAsync($"DELETE FROM agents.{table} WHERE thread_id = '{thread}'");
        var report = (await tool.RunAsync("migrate", "--from", "prod", "--to", "redis", "--cutover", "--yes")).Expect(0).Json;
        Assert.Equal((1, 4), (report.GetProperty("rounds")[0].GetProperty("removed").GetInt64(), report.GetProperty("threads").GetInt64()));
    }

    [Fact]
    public async Task Threads_that_expire_keep_their_time_also_one_that_was_set_anew()
    {
        var server = Environment.GetEnvironmentVariable("TEST_REDIS")!;
        tool.Redis("other", $"{server},defaultDatabase=1");
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server);
        (await tool.RunAsync("migrate", "--from", "prod", "--to", "redis")).Expect(0);
        var prefix = Path.GetFileName(tool.Folder);
        string thread = (await redis.GetDatabase().SortedSetRangeByRankAsync($"{prefix}:threads", 0, 0))[0]!;
        var soon = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds();
        await ExpireAsync(soon);
        (await tool.RunAsync("migrate", "--from", "redis", "--to", "other")).Expect(0);
        await ExpireAsync(soon + 5000);
        var report = (await tool.RunAsync("migrate", "--from", "redis", "--to", "other", "--cutover", "--yes")).Expect(0).Json;
        Assert.True(report.GetProperty("cutOver").GetBoolean());
        foreach (var key in new[] { "thread", "thread-order" }) Assert.Equal(soon + 5000, (long)await redis.GetDatabase(1).ExecuteAsync("PEXPIRETIME", $"{prefix}:{key}:{thread}"));

        async Task ExpireAsync(long at)
        {
            foreach (var key in new[] { "thread", "thread-order" }) await redis.GetDatabase().ExecuteAsync("PEXPIREAT", $"{prefix}:{key}:{thread}", at);
            await redis.GetDatabase().SortedSetAddAsync($"{prefix}:expiry", thread, at);
        }
    }

    [Fact]
    public async Task By_way_of_S3_and_Redis_a_store_comes_home_as_it_was()
    {
        await tool.DieAsync("restore.loaded", "migrate", "--from", "prod", "--to", "s3");
        await ForgetMarkAsync();
        var roots = new List<string?>();
        foreach (var (from, to) in new[] { ("prod", "s3"), ("s3", "redis"), ("redis", "copy") })
        {
            var report = (await tool.RunAsync("migrate", "--from", from, "--to", to, "--cutover", "--yes")).Expect(0).Json;
            Assert.Equal((5, true, 0), (report.GetProperty("threads").GetInt64(), report.GetProperty("cutOver").GetBoolean(), report.GetProperty("rounds")[0].GetProperty("dropped").GetArrayLength()));
            roots.Add(report.GetProperty("stateRoot").GetString());
        }
        Assert.Single(roots.Distinct());
        await AssertSameTablesAsync();
    }

    private Process Write()
    {
        var writer = langGraph.Start("generate", "--schema", "agents", "--seed", "2", "--forever", "--turns", "6");
        writer.OutputDataReceived += (_, _) => { };
        writer.ErrorDataReceived += (_, _) => { };
        writer.BeginOutputReadLine();
        writer.BeginErrorReadLine();
        return writer;
    }

    private static async Task StopAsync(Process writer)
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{writer.Id}"])) await kill.WaitForExitAsync();
        await writer.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        Assert.Equal(0, writer.ExitCode);
    }

    // The mark of a restore that died goes by itself after half a minute, for which a test does not wait.
    private async Task ForgetMarkAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Environment.GetEnvironmentVariable("TEST_REDIS")!);
        await redis.GetDatabase().KeyDeleteAsync($"{Path.GetFileName(tool.Folder)}:restore");
        var marks = await s3.ListObjectsV2Async(new() { BucketName = Bucket, Prefix = $"{Path.GetFileName(tool.Folder)}/store/restore-" });
        foreach (var mark in marks.S3Objects ?? []) await s3.DeleteObjectAsync(Bucket, mark.Key);
    }

    private Task<long> RowsAsync() => database.ScalarAsync<long>("SELECT (SELECT count(*) FROM copy.checkpoints) + (SELECT count(*) FROM copy.checkpoint_blobs) + (SELECT count(*) FROM copy.checkpoint_writes)");

    private async Task AssertSameTablesAsync()
    {
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations" })
            Assert.Equal(0, await database.ScalarAsync<long>($"SELECT count(*) FROM ((TABLE agents.{table} EXCEPT ALL TABLE copy.{table}) UNION ALL (TABLE copy.{table} EXCEPT ALL TABLE agents.{table})) different"));
    }
}
