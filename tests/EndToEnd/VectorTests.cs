using System.Globalization;
using System.Text.Json;
using Backup.Tests.EndToEnd.Support;
using Npgsql;

namespace Backup.Tests.EndToEnd;

/// <summary>Two databases backed up together while an application writes to one and then to the other.</summary>
public sealed class VectorTests : IAsyncLifetime
{
    private const string Table = """
        CREATE SCHEMA agents;
        CREATE TABLE agents.checkpoints (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, parent_checkpoint_id text, type text,
          checkpoint jsonb NOT NULL, metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
        CREATE TABLE agents.checkpoint_blobs (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', channel text NOT NULL, version text NOT NULL, type text NOT NULL, blob bytea,
          PRIMARY KEY (thread_id, checkpoint_ns, channel, version));
        CREATE TABLE agents.checkpoint_writes (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, task_id text NOT NULL, idx int NOT NULL, channel text NOT NULL,
          type text, blob bytea NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
        """;
    private readonly Tool tool = new();
    private TestPostgres first = null!, second = null!;

    public async ValueTask InitializeAsync()
    {
        (first, second) = (await TestPostgres.CreateAsync(), await TestPostgres.CreateAsync());
        await first.ExecuteAsync(Table);
        await second.ExecuteAsync(Table);
        tool.Source("prod", first.ConnectionString, "agents").Source("crm", second.ConnectionString, "agents")
            .Source("prod_copy", first.ConnectionString, "copy", writable: true).Source("crm_copy", second.ConnectionString, "copy", writable: true)
            .Source("away", "Host=127.0.0.1;Port=1;Timeout=2", "agents");
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    [Fact]
    public async Task What_was_written_before_the_command_is_in_each_and_each_is_a_prefix_of_its_source()
    {
        foreach (var strategy in new[] { "full", "incremental" })
        {
            using var stop = new CancellationTokenSource();
            var (written, reached) = (0, new TaskCompletionSource());
            var writing = Task.Run(async () =>
            {
                await using NpgsqlDataSource a = NpgsqlDataSource.Create(first.ConnectionString), b = NpgsqlDataSource.Create(second.ConnectionString);
                for (var n = 1; !stop.IsCancellationRequested; n++)
                {
                    foreach (var database in new[] { a, b })
                    {
                        await using var insert = database.CreateCommand($"INSERT INTO agents.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('{strategy}-{n:D6}', '1ef', '{{\"v\": 4}}')");
                        await insert.ExecuteNonQueryAsync();
                    }
                    Volatile.Write(ref written, n);
                    if (n == 200) reached.SetResult();
                }
            });
            await reached.Task;
            var before = Volatile.Read(ref written);
            var vector = (await tool.RunAsync("create", "prod", "crm", "--strategy", strategy)).Expect(0).Json;
            var after = Volatile.Read(ref written);
            await stop.CancelAsync();
            await writing;

            Assert.Equal(["crm", "prod"], vector.GetProperty("cuts").EnumerateArray().Select(c => c.GetProperty("source").GetString()));
            var times = vector.GetProperty("cuts").EnumerateArray().Select(c => c.GetProperty("cutTime").GetDateTimeOffset()).ToList();
            Assert.Equal((times.Max() - times.Min()).TotalSeconds, vector.GetProperty("spreadSeconds").GetDouble(), 6);
            Assert.True(vector.GetProperty("begun").GetDateTimeOffset() <= times.Min());
            foreach (var cut in vector.GetProperty("cuts").EnumerateArray())
            {
                var name = cut.GetProperty("source").GetString()!;
                (await tool.RunAsync("restore", "--backup", cut.GetProperty("backupId").GetString()!, "--to", $"{name}_copy", "--conflict", "overwrite", "--mirror", "--yes")).Expect(0);
                var database = name == "prod" ? first : second;
                var (count, newest) = (await database.ScalarAsync<long>($"select count(*) from copy.checkpoints where thread_id like '{strategy}-%'"), await database.ScalarAsync<string>($"select max(thread_id) from copy.checkpoints where thread_id like '{strategy}-%'"));
                Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{strategy}-{count:D6}"), newest); // without a hole
                Assert.InRange(count, before, after + 1);
            }
        }
        var listed = (await tool.RunAsync("list", "--vectors")).Expect(0).Json.GetProperty("vectors");
        Assert.Equal(2, listed.GetArrayLength());
        Assert.All(listed.EnumerateArray().SelectMany(v => v.GetProperty("cuts").EnumerateArray()), c => Assert.True(c.GetProperty("present").GetBoolean()));
        (await tool.RunAsync("verify", "--all", "--deep")).Expect(0);
    }

    [Fact]
    public async Task When_one_fails_the_others_stand_and_there_is_no_vector()
    {
        var failed = (await tool.RunAsync("create", "prod", "away")).Expect(8).Json.GetProperty("error");
        Assert.Contains("the backup of away failed", failed.GetProperty("message").GetString());
        var made = Assert.Single((await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups").EnumerateArray()).GetProperty("backupId").GetString()!;
        Assert.Contains($"{made} of prod", failed.GetProperty("hint").GetString());
        Assert.Equal(0, (await tool.RunAsync("list", "--vectors")).Expect(0).Json.GetProperty("vectors").GetArrayLength());
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await first.DisposeAsync();
        await second.DisposeAsync();
    }
}
