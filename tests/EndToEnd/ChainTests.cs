using System.Globalization;
using System.Text.Json;
using Backup.Tests.EndToEnd.Support;
using Npgsql;

namespace Backup.Tests.EndToEnd;

/// <summary>Incremental and differential backups of a real PostgreSQL, which keeps no trace of a deletion and a poor one of a change.</summary>
public sealed class ChainTests : IAsyncLifetime
{
    private static readonly string[] Tables = ["checkpoints", "checkpoint_blobs", "checkpoint_writes"];
    private TestPostgres database = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        await database.ExecuteAsync("""
            CREATE SCHEMA agents;
            CREATE TABLE agents.checkpoints (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, parent_checkpoint_id text, type text,
              checkpoint jsonb NOT NULL, metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
            CREATE TABLE agents.checkpoint_blobs (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', channel text NOT NULL, version text NOT NULL, type text NOT NULL, blob bytea,
              PRIMARY KEY (thread_id, checkpoint_ns, channel, version));
            CREATE TABLE agents.checkpoint_writes (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, task_id text NOT NULL, idx int NOT NULL, channel text NOT NULL,
              type text, blob bytea NOT NULL, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
            """);
        tool = new Tool().Source("prod", database.ConnectionString, "agents", writable: true).Source("copy", database.ConnectionString, "copy", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    [Theory]
    [InlineData(1)]
    public async Task Every_backup_of_a_random_life_restores_what_was_there(int seed)
    {
        var random = new Random(seed);
        var backups = new List<string>();
        for (var turn = 0; turn < 12; turn++) await database.ExecuteAsync(Turn(random));
        for (var round = 0; round < 8; round++)
        {
            for (var i = random.Next(1, 6); i >= 0; i--) await database.ExecuteAsync(Change(random));
            if (round == 5)
            {
                await database.ExecuteAsync("TRUNCATE agents.checkpoint_writes");
                await database.ExecuteAsync("VACUUM FULL agents.checkpoint_blobs");
            }
            await RememberAsync(round);
            var strategy = round == 0 ? "full" : random.Next(3) == 0 ? "differential" : "incremental";
            backups.Add((await tool.RunAsync("create", "prod", "--strategy", strategy)).Expect(0).Json.GetProperty("backupId").GetString()!);
        }
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        (await tool.RunAsync("verify", backups[^1], "--against", "prod")).Expect(0);
        for (var round = backups.Count - 1; round >= 0; round -= round % 3 + 1)
        {
            var report = (await tool.RunAsync("restore", "--backup", backups[round], "--to", "copy", "--conflict", "overwrite", "--mirror", "--yes")).Expect(0).Json;
            Assert.True(report.GetProperty("exact").GetBoolean());
            await AssertRememberedAsync(round);
        }
    }

    [Fact]
    public async Task What_a_transaction_wrote_before_the_base_and_committed_after_it_is_in_the_increment()
    {
        await database.ExecuteAsync("INSERT INTO agents.checkpoint_writes SELECT 'old', '', 'c', 't', -3, '__interrupt__', 'json', '1'; INSERT INTO agents.checkpoints VALUES ('old', '', 'c', NULL, NULL, '{\"v\": 4}', '{}')");
        await using (var source = NpgsqlDataSource.Create(database.ConnectionString))
        await using (var connection = await source.OpenConnectionAsync())
        {
            // The rows carry the ids of subtransactions, which no snapshot lists.
            await RunAsync(connection, "BEGIN; SAVEPOINT s; INSERT INTO agents.checkpoints VALUES ('late', '', 'c', NULL, NULL, '{\"v\": 4}', '{}'); RELEASE s; SAVEPOINT s2; UPDATE agents.checkpoint_writes SET blob = '2'; RELEASE s2");
            await database.ExecuteAsync("INSERT INTO agents.checkpoints VALUES ('between', '', 'c', NULL, NULL, '{\"v\": 4}', '{}')");
            Assert.Equal(2, await BackupAsync("full", "threads"));
            await RunAsync(connection, "COMMIT");
        }
        Assert.Equal(3, await BackupAsync("incremental", "threads"));
        await RememberAsync(0);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        await AssertRememberedAsync(0);
    }

    [Fact]
    public async Task A_source_that_is_not_surely_the_same_is_compared_and_another_one_is_refused()
    {
        for (var i = 0; i < 6; i++) await database.ExecuteAsync(Turn(new Random(i)));
        await BackupAsync("full", "threads");
        // Made again with the same name: the rows are older than the base by their transaction ids' age only.
        await database.ExecuteAsync("CREATE TABLE agents.other (LIKE agents.checkpoints INCLUDING ALL); INSERT INTO agents.other SELECT * FROM agents.checkpoints OFFSET 1; DROP TABLE agents.checkpoints; ALTER TABLE agents.other RENAME TO checkpoints");
        var compared = (await tool.RunAsync("create", "prod", "--strategy", "incremental")).Expect(0).Json;
        Assert.Contains("checkpoints is not the one it was", compared.GetProperty("warnings").ToString(), StringComparison.Ordinal);
        await database.ExecuteAsync("ALTER TABLE agents.checkpoints ADD COLUMN tenant text NOT NULL DEFAULT 'a'");
        compared = (await tool.RunAsync("create", "prod", "--strategy", "incremental")).Expect(0).Json;
        Assert.Contains("column tenant", compared.GetProperty("warnings").ToString(), StringComparison.Ordinal);
        await RememberAsync(0);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        await AssertRememberedAsync(0);

        await using var other = await TestPostgres.CreateAsync();
        await other.ExecuteAsync("CREATE SCHEMA agents");
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy", "--dry-run")).Expect(0);
        tool.Source("prod", other.ConnectionString, "agents", writable: true);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "prod")).Expect(0);
        var refused = (await tool.RunAsync("create", "prod", "--strategy", "incremental")).Expect(5).Json.GetProperty("error");
        Assert.Contains("--strategy full", refused.GetProperty("hint").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partition_put_in_anothers_place_is_noticed()
    {
        const string Columns = "(thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, task_id text NOT NULL, idx int NOT NULL, channel text NOT NULL, type text, blob bytea NOT NULL";
        await database.ExecuteAsync($"""
            INSERT INTO agents.checkpoints VALUES ('t', '', 'c', NULL, NULL, '{"{\"v\": 4}"}', '{"{}"}');
            DROP TABLE agents.checkpoint_writes;
            CREATE TABLE agents.checkpoint_writes {Columns}, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)) PARTITION BY LIST (thread_id);
            CREATE TABLE agents.one PARTITION OF agents.checkpoint_writes FOR VALUES IN ('t');
            CREATE TABLE agents.two {Columns}, PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
            INSERT INTO agents.one VALUES ('t', '', 'c', 'task', 0, 'm', 'json', '1');
            INSERT INTO agents.two VALUES ('t', '', 'c', 'task', 0, 'm', 'json', '2');
            """);
        await BackupAsync("full", "threads");
        await database.ExecuteAsync("ALTER TABLE agents.checkpoint_writes DETACH PARTITION agents.one; ALTER TABLE agents.checkpoint_writes ATTACH PARTITION agents.two FOR VALUES IN ('t')");
        await BackupAsync("incremental", "threads");
        await RememberAsync(0);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        await AssertRememberedAsync(0);
    }

    [Fact]
    public async Task A_restore_into_the_source_is_a_change_like_any_other()
    {
        for (var i = 0; i < 4; i++) await database.ExecuteAsync(Turn(new Random(i)));
        await RememberAsync(0);
        await BackupAsync("full", "threads");
        await database.ExecuteAsync("DELETE FROM agents.checkpoint_blobs; INSERT INTO agents.checkpoints VALUES ('new', '', 'c', NULL, NULL, '{\"v\": 4}', '{}')");
        await BackupAsync("incremental", "threads");
        var backups = (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups");
        (await tool.RunAsync("restore", "--backup", backups[0].GetProperty("backupId").GetString()!, "--to", "prod", "--conflict", "overwrite", "--mirror", "--yes")).Expect(0);
        await BackupAsync("incremental", "threads");
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        await AssertRememberedAsync(0);
    }

    [Theory]
    [InlineData("increment.cut")]
    [InlineData("increment.captured")]
    [InlineData("seal.manifest")]
    public async Task An_increment_that_dies_is_not_there_and_the_next_holds_what_it_missed(string failpoint)
    {
        for (var i = 0; i < 4; i++) await database.ExecuteAsync(Turn(new Random(i)));
        await BackupAsync("full", "threads");
        await database.ExecuteAsync(Turn(new Random(9)));
        await tool.DieAsync(failpoint, "create", "prod", "--strategy", "incremental");
        Assert.Equal(1, (await tool.RunAsync("list")).Expect(0).Json.GetProperty("backups").GetArrayLength());
        await BackupAsync("incremental", "threads");
        await RememberAsync(0);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        await AssertRememberedAsync(0);
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
    }

    // Plain channels; those with deltas too where RECOVERY is all (tests/proof.sh recovery). PointTests has them in every run.
    public static TheoryData<int> Channels() => Environment.GetEnvironmentVariable("RECOVERY") == "all" ? [0, 4] : [0];

    [Theory, MemberData(nameof(Channels))]
    public async Task LangGraph_finds_each_round_as_it_was(int delta)
    {
        await database.ExecuteAsync("DROP SCHEMA agents CASCADE");
        var langGraph = new LangGraph(database.ConnectionString);
        string[] options = ["--schema", "agents", "--delta", $"{delta}"];
        var rounds = new List<(string Backup, string Expected)>();
        for (var round = 0; round < 3; round++)
        {
            // The same threads go on, some begin.
            (await langGraph.RunAsync("generate", [.. options, "--threads", $"{4 + round}", "--start", $"{(2 * round) + 1}", "--turns", $"{(2 * round) + 2}"])).Expect(0);
            var expected = Path.Combine(tool.Folder, $"expected{round}.json");
            (await langGraph.RunAsync("judge", [.. options, "--out", expected])).Expect(0);
            foreach (var strategy in round == 0 ? new[] { "full" } : ["differential", "incremental"])
                rounds.Add(((await tool.RunAsync("create", "prod", "--strategy", strategy)).Expect(0).Json.GetProperty("backupId").GetString()!, expected));
        }
        Assert.True((await tool.RunAsync("verify", "--all", "--deep")).Expect(0).Json.GetProperty("ok").GetBoolean());
        foreach (var (backup, expected) in rounds.Where((_, i) => i % 2 == 0).Reverse())
        {
            (await tool.RunAsync("restore", "--backup", backup, "--to", "copy", "--conflict", "overwrite", "--mirror", "--yes")).Expect(0);
            (await langGraph.RunAsync("judge", "--schema", "copy", "--delta", $"{delta}", "--expect", expected)).Expect(0);
        }
        (await langGraph.RunAsync("judge", "--schema", "copy", "--delta", $"{delta}", "--resume", "2")).Expect(0);
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    private static string Turn(Random random)
    {
        var (thread, id) = ($"t{random.Next(12)}", Contracts.Randomness.Token(12));
        return string.Create(CultureInfo.InvariantCulture, $$$"""
            INSERT INTO agents.checkpoint_blobs VALUES ('{{{thread}}}', '', 'm', '{{{id}}}', 'json', convert_to(repeat('{{{id}}}', {{{random.Next(1, 200)}}}), 'UTF8'));
            INSERT INTO agents.checkpoints VALUES ('{{{thread}}}', '', '{{{id}}}', NULL, NULL, '{"v": 4, "channel_versions": {"m": "{{{id}}}" } }', '{"step": 1}');
            INSERT INTO agents.checkpoint_writes VALUES ('{{{thread}}}', '', '{{{id}}}', 'task', 0, 'm', 'json', '{{{id}}}')
            """);
    }

    private static string Change(Random random)
    {
        var thread = $"t{random.Next(12)}";
        return random.Next(9) switch
        {
            0 => string.Join(';', Tables.Select(t => $"DELETE FROM agents.{t} WHERE thread_id = '{thread}'")),
            1 => $"DELETE FROM agents.{Tables[random.Next(3)]} WHERE ctid = (SELECT min(ctid) FROM agents.checkpoints WHERE thread_id = '{thread}') AND thread_id = '{thread}'",
            2 => $"INSERT INTO agents.checkpoint_writes SELECT thread_id, checkpoint_ns, checkpoint_id, 'late', 5, 'm', 'json', 'x' FROM agents.checkpoints WHERE thread_id = '{thread}' ORDER BY checkpoint_id LIMIT 1 ON CONFLICT DO NOTHING",
            3 => $"INSERT INTO agents.checkpoint_writes SELECT thread_id, checkpoint_ns, checkpoint_id, 'task', -3, '__interrupt__', 'json', '{random.Next()}' FROM agents.checkpoints WHERE thread_id = '{thread}' ORDER BY checkpoint_id LIMIT 1 ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) DO UPDATE SET blob = excluded.blob",
            4 => $"UPDATE agents.checkpoint_blobs SET blob = '{random.Next()}' WHERE thread_id = '{thread}'",
            5 => "SELECT 1",
            _ => Turn(random),
        };
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> BackupAsync(string strategy, string property)
    {
        JsonElement backup = (await tool.RunAsync("create", "prod", "--strategy", strategy)).Expect(0).Json;
        Assert.Equal(strategy, backup.GetProperty("strategy").GetString());
        return backup.GetProperty(property).GetInt64();
    }

    private Task RememberAsync(int round) =>
        database.ExecuteAsync($"CREATE SCHEMA round{round}; " + string.Join(';', Tables.Select(t => $"CREATE TABLE round{round}.{t} AS TABLE agents.{t}")));

    private async Task AssertRememberedAsync(int round)
    {
        foreach (var table in Tables)
            Assert.Equal(0, await database.ScalarAsync<long>($"SELECT count(*) FROM ((TABLE round{round}.{table} EXCEPT ALL TABLE copy.{table}) UNION ALL (TABLE copy.{table} EXCEPT ALL TABLE round{round}.{table})) different"));
    }
}
