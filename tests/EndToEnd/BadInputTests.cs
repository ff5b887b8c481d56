using Backup.Tests.EndToEnd.Support;

namespace Backup.Tests.EndToEnd;

/// <summary>What an operator gets wrong, and what a source does not allow: a clear error, the right exit code, nothing lost.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private const string Tables = """
        CREATE SCHEMA agents;
        CREATE TABLE agents.checkpoints (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, parent_checkpoint_id text, type text,
          checkpoint jsonb NOT NULL, metadata jsonb NOT NULL DEFAULT '{}', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id));
        CREATE TABLE agents.checkpoint_blobs (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', channel text NOT NULL, version text NOT NULL, type text NOT NULL, blob bytea,
          PRIMARY KEY (thread_id, checkpoint_ns, channel, version));
        CREATE TABLE agents.checkpoint_writes (thread_id text NOT NULL, checkpoint_ns text NOT NULL DEFAULT '', checkpoint_id text NOT NULL, task_id text NOT NULL, idx int NOT NULL, channel text NOT NULL,
          type text, blob bytea NOT NULL, task_path text NOT NULL DEFAULT '', PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
        INSERT INTO agents.checkpoints VALUES ('t1', '', 'c1', NULL, NULL, '{"v": 4, "id": "c1", "channel_versions": {"m": 1}}', '{"step": 1}');
        INSERT INTO agents.checkpoint_blobs VALUES ('t1', '', 'm', '1', 'json', '"x"');
        """;

    private TestPostgres database = null!;
    private Tool tool = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestPostgres.CreateAsync();
        await database.ExecuteAsync(Tables);
        tool = new Tool().Source("prod", database.ConnectionString, "agents").Source("copy", database.ConnectionString, "copy", writable: true);
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
    }

    [Fact]
    public async Task The_archive_and_its_key()
    {
        (await tool.RunAsync("create", "prod")).Expect(0);
        var key = await File.ReadAllTextAsync(tool.Key);
        await File.WriteAllTextAsync(tool.Key, Convert.ToBase64String(new byte[32]));
        await FailsAsync(7, "does not open", "list");
        await File.WriteAllTextAsync(tool.Key, "short");
        await FailsAsync(2, "32 bytes", "list");
        await File.WriteAllTextAsync(tool.Key, key);
        await FailsAsync(5, "already", "archive", "init", "main");
        Directory.Move(tool.Archive, tool.Archive + ".away");
        await FailsAsync(4, "no archive", "list");
        Directory.CreateDirectory(tool.Archive);
        await File.WriteAllTextAsync(Path.Combine(tool.Archive, "notes.txt"), "hello");
        await FailsAsync(4, "no archive", "create", "prod");
        Directory.Delete(tool.Archive, recursive: true);
        Directory.Move(tool.Archive + ".away", tool.Archive);
        var descriptor = Path.Combine(tool.Archive, "archive");
        var json = (await File.ReadAllTextAsync(descriptor)).Split('\n')[0].Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal);
        await File.WriteAllTextAsync(descriptor, $"{json}\n{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(json)))}\n");
        await FailsAsync(2, "format version 2", "list");
    }

    [Fact]
    public async Task What_is_not_there()
    {
        await FailsAsync(4, "nowhere", "create", "nowhere");
        var config = await File.ReadAllTextAsync(tool.Config);
        await File.WriteAllTextAsync(tool.Config, config.Replace("\"Schema\"", "\"Shema\"", StringComparison.Ordinal));
        await FailsAsync(2, "Shema", "create", "prod");
        File.Delete(tool.Config);
        await FailsAsync(2, "config.json", "create", "prod");
        await File.WriteAllTextAsync(tool.Config, config);
        await FailsAsync(4, "no backup", "restore", "--source", "prod", "--to", "copy");
        (await tool.RunAsync("create", "prod")).Expect(0);
        await FailsAsync(4, "'t2'", "restore", "--source", "prod", "--to", "copy", "--thread", "t2");
        var threads = Path.Combine(tool.Folder, "threads");
        await File.WriteAllTextAsync(threads, "t1\nnul\0\n");
        await FailsAsync(4, "nul", "restore", "--source", "prod", "--to", "copy", "--threads-file", threads);
        await FailsAsync(4, "c9", "restore", "--source", "prod", "--to", "copy", "--thread", "t1", "--checkpoint", "c9");
        await FailsAsync(4, "20200101", "show", "20200101");
        await FailsAsync(2, "Writable", "restore", "--source", "prod", "--to", "prod");
        await FailsAsync(2, "--thread", "restore", "--source", "prod", "--to", "copy", "--checkpoint", "c1");
        tool.Source("gone", "Host=127.0.0.1;Port=1;Username=x;Database=y;Timeout=3", "public");
        await FailsAsync(8, "gone", "create", "gone");
        tool.Source("empty", database.ConnectionString, "nothing_here");
        await FailsAsync(4, "nothing_here", "create", "empty");
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        await FailsAsync(2, "2,700 bytes", "restore", "--source", "prod", "--to", "copy", "--thread", "t1", "--as", string.Concat(Enumerable.Range(0, 4000).Select(_ => Contracts.Randomness.Token(4))));
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM copy.checkpoints"));
    }

    [Theory]
    [InlineData("CREATE POLICY p ON agents.checkpoints USING (thread_id = 'none'); ALTER TABLE agents.checkpoints ENABLE ROW LEVEL SECURITY; GRANT SELECT ON ALL TABLES IN SCHEMA agents TO {0}; GRANT USAGE ON SCHEMA agents TO {0}", "row-level security")]
    [InlineData("GRANT USAGE ON SCHEMA agents TO {0}; GRANT SELECT ON agents.checkpoints TO {0}", "checkpoint_blobs")]
    [InlineData("GRANT SELECT ON ALL TABLES IN SCHEMA agents TO {0}", "GRANT USAGE")]
    public async Task A_role_that_does_not_see_everything_is_refused(string grants, string said)
    {
        var role = $"role_{Contracts.Randomness.Token(8)}";
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN");
        try
        {
            await database.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, grants, role));
            tool.Source("prod", database.Of(role), "agents");
            await FailsAsync(2, said, "create", "prod");
        }
        finally
        {
            Npgsql.NpgsqlConnection.ClearAllPools();
            await database.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Theory]
    [InlineData("ALTER TABLE agents.checkpoint_blobs DROP CONSTRAINT checkpoint_blobs_pkey, DROP COLUMN version", "shallow")]
    [InlineData("ALTER TABLE agents.checkpoint_writes RENAME TO other; CREATE VIEW agents.checkpoint_writes AS SELECT * FROM agents.other", "view")]
    [InlineData("ALTER TABLE agents.checkpoint_writes DROP COLUMN channel", "channel")]
    [InlineData("CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; DROP TABLE agents.checkpoint_writes; CREATE FOREIGN TABLE agents.checkpoint_writes (thread_id text) SERVER far", "foreign table")]
    [InlineData("ALTER TABLE agents.checkpoints DROP CONSTRAINT checkpoints_pkey", "primary key")]
    public async Task A_layout_that_cannot_be_captured_whole_is_refused(string change, string said)
    {
        await database.ExecuteAsync(change);
        await FailsAsync(2, said, "create", "prod");
    }

    [Fact]
    public async Task A_long_thread_and_a_huge_value_and_odd_ids()
    {
        await database.ExecuteAsync("""
            INSERT INTO agents.checkpoint_blobs SELECT 'huge', '', 'm', '1', 'bytes', decode(repeat(md5('x'), 52428800 / 16), 'hex');
            INSERT INTO agents.checkpoints SELECT 'long', '', 'c' || to_char(i, 'fm00000'), NULL, NULL, jsonb_build_object('v', 4, 'n', i), '{}' FROM generate_series(1, 20000) i;
            INSERT INTO agents.checkpoints SELECT x, '', 'c', NULL, NULL, '{"v": 4}', '{}' FROM unnest(ARRAY[E'q''uote', E'back\\slash', E'new\nline', 'émoji 🧵', '%_', ' ', '', repeat('long', 500), 'a/b|c:d', E'tab\t']) x;
            """);
        (await tool.RunAsync("create", "prod")).Expect(0);
        (await tool.RunAsync("verify", "--all", "--deep")).Expect(0);
        var report = (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0).Json;
        Assert.Equal((13, true), (report.GetProperty("threads").GetInt32(), report.GetProperty("exact").GetBoolean()));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM (TABLE agents.checkpoints EXCEPT ALL TABLE copy.checkpoints) d"));
        Assert.Equal(52428800, await database.ScalarAsync<int>("SELECT length(blob) FROM copy.checkpoint_blobs WHERE thread_id = 'huge'"));
    }

    [Fact]
    public async Task A_passphrase_that_is_wrong()
    {
        tool.Archives = new { main = new { Kind = "local", Path = Path.Combine(tool.Folder, "other"), PassphraseFile = tool.Key } };
        tool.Source("prod", database.ConnectionString, "agents");
        await File.WriteAllTextAsync(tool.Key, "correct horse");
        (await tool.RunAsync("archive", "init", "main")).Expect(0);
        (await tool.RunAsync("create", "prod")).Expect(0);
        await File.WriteAllTextAsync(tool.Key, "wrong horse");
        await FailsAsync(7, "does not open", "list");
    }

    /// <summary>Somebody writes into a thread between its restore and its comparison.</summary>
    [Fact]
    public async Task A_thread_that_somebody_writes_during_an_online_restore_is_not_called_exact()
    {
        (await tool.RunAsync("create", "prod")).Expect(0);
        (await tool.RunAsync("restore", "--source", "prod", "--to", "copy")).Expect(0);
        // Stands for the writer: every restored row of the thread brings another one with it.
        await database.ExecuteAsync("""
            DELETE FROM copy.checkpoints;
            CREATE FUNCTION copy.meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy.checkpoint_writes VALUES (NEW.thread_id, '', NEW.checkpoint_id, 'task', 0, 'm', 'json', '1'); RETURN NEW; END $$;
            CREATE TRIGGER meanwhile AFTER INSERT ON copy.checkpoints FOR EACH ROW EXECUTE FUNCTION copy.meanwhile();
            """);
        var refused = (await tool.RunAsync("restore", "--source", "prod", "--to", "copy", "--conflict", "overwrite", "--yes")).Expect(6).Json;
        Assert.Contains("t1", refused.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM copy.checkpoints"));
        var report = (await tool.RunAsync("restore", "--source", "prod", "--to", "copy", "--conflict", "overwrite", "--online", "--yes")).Expect(6).Json;
        Assert.False(report.GetProperty("exact").GetBoolean());
        Assert.Equal("t1", report.GetProperty("concurrent")[0].GetString());
    }

    [Fact]
    public async Task Two_at_once_are_told_that_one_is_busy()
    {
        await database.ExecuteAsync("INSERT INTO agents.checkpoint_blobs SELECT 'x' || i, '', 'm', '1', 'bytes', decode(repeat(md5(i::text), 40000), 'hex') FROM generate_series(1, 60) i");
        using var first = tool.Start(null, "create", "prod");
        using var second = tool.Start(null, "create", "prod");
        var codes = await Task.WhenAll(Ran.OfAsync(first, "first"), Ran.OfAsync(second, "second"));
        Assert.Equal([0, 5], codes.Select(r => r.ExitCode).Order());
        using var one = tool.Start(null, "restore", "--source", "prod", "--to", "copy");
        using var other = tool.Start(null, "restore", "--source", "prod", "--to", "copy");
        var restores = await Task.WhenAll(Ran.OfAsync(one, "one"), Ran.OfAsync(other, "other"));
        Assert.Equal([0, 5], restores.Select(r => r.ExitCode).Order());
    }

    public async ValueTask DisposeAsync()
    {
        tool.Dispose();
        await database.DisposeAsync();
    }

    private async Task FailsAsync(int exitCode, string said, params string[] arguments)
    {
        var ran = (await tool.RunAsync(arguments)).Expect(exitCode);
        var error = ran.Json.GetProperty("error");
        Assert.Equal(exitCode, error.GetProperty("code").GetInt32());
        Assert.Contains(said, $"{error.GetProperty("message")} {error.GetProperty("hint")}", StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ran.Error, StringComparison.Ordinal);
    }
}
