using Backup.Checkpoints.Model;
using Backup.Contracts;
using Backup.Tests.StoreSuite.Support;

namespace Backup.Tests.StoreSuite.Postgres;

/// <summary>Tables as they are found in the field: captured and put back exactly, or refused by name.</summary>
public sealed class LayoutTests(DatabaseFixture fixture)
{
    private const string Python = """
        INSERT INTO {s}.checkpoints VALUES ('t', '', '1f0', NULL, NULL, '{"v": 4, "id": "1f0", "ts": "2026-01-01T00:00:00.000001+00:00", "channel_values": {"topic": "x", "n": 1.50, "flag": true}, "channel_versions": {"topic": "00000000000000000000000000000004.0.7364218943391846"}}', '{"step": -1}');
        INSERT INTO {s}.checkpoint_blobs VALUES ('t', '', 'messages', '00000000000000000000000000000004.0.7364218943391846', 'msgpack', '\xc7010500ff');
        INSERT INTO {s}.checkpoint_writes VALUES ('t', '', '1f0', 'task', -3, '__interrupt__', 'msgpack', '\x90', '~__pregel_pull, node');
        """;
    private const string Plain = """
        INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('t', 'c', '{"v": 4}');
        INSERT INTO {s}.checkpoint_blobs (thread_id, channel, version, type, blob) VALUES ('t', 'm', '1', 'json', '[]'), ('t', 'm', '2', 'empty', NULL);
        INSERT INTO {s}.checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, type, blob) VALUES ('t', 'c', 'k', 0, 'm', 'json', '[]');
        """;

    public static TheoryData<string, bool, string[]> Captured => new()
    {
        { "a Python store", true, [Python] },
        { "a JS store", false, [Plain] },
        { "extra columns", true, ["ALTER TABLE {s}.checkpoints ADD tenant uuid, ADD \"Created At\" timestamptz DEFAULT now() NOT NULL, ADD tags text[], ADD score double precision DEFAULT 0.1, ADD span interval",
            Plain, "UPDATE {s}.checkpoints SET tenant = '6F9619FF-8B86-D011-B42D-00CF4FC964FF', tags = '{a,\"b c\"}', score = 1e-7, span = '1 day 2 hours'"] },
        { "a generated column", true, ["ALTER TABLE {s}.checkpoints ADD step text GENERATED ALWAYS AS (metadata ->> 'step') STORED; CREATE INDEX by_step ON {s}.checkpoints (step)", Plain] },
        { "numbered rows", true, ["ALTER TABLE {s}.checkpoints ADD id bigint GENERATED ALWAYS AS IDENTITY; ALTER TABLE {s}.checkpoint_blobs ADD id bigserial", Plain] },
        { "domains", true, ["CREATE DOMAIN public.name_{x} AS text CHECK (VALUE <> ''); CREATE DOMAIN public.bytes_{x} AS bytea; ALTER TABLE {s}.checkpoint_blobs ALTER channel TYPE public.name_{x}, ALTER blob TYPE public.bytes_{x}", Plain] },
        { "varchar keys", true, [.. new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }.Select(t => $"ALTER TABLE {{s}}.{t} ALTER thread_id TYPE varchar(255)"), Plain] },
        { "another collation", true, [.. new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }.Select(t => $"ALTER TABLE {{s}}.{t} ALTER thread_id TYPE text COLLATE \"en-x-icu\""), Plain,
            "INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) SELECT x, 'c', '{}' FROM unnest('{a,A,b,B,á,Á,-,_}'::text[]) x"] },
        { "json instead of jsonb", true, ["ALTER TABLE {s}.checkpoints ALTER metadata DROP DEFAULT, ALTER metadata TYPE json, ALTER metadata SET DEFAULT '{}'", Python, "UPDATE {s}.checkpoints SET metadata = '{ \"b\":1,   \"a\":[1.0] }'"] },
        { "unlogged tables", true, ["ALTER TABLE {s}.checkpoints SET UNLOGGED", Plain] },
        { "partitions", true, ["""
            ALTER TABLE {s}.checkpoints RENAME TO whole; CREATE TABLE {s}.checkpoints (LIKE {s}.whole INCLUDING ALL) PARTITION BY HASH (thread_id); DROP TABLE {s}.whole;
            CREATE TABLE {s}.part0 PARTITION OF {s}.checkpoints FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE {s}.part1 PARTITION OF {s}.checkpoints FOR VALUES WITH (MODULUS 2, REMAINDER 1)
            """, Plain, "INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) SELECT 'thread ' || i, 'c', '{}' FROM generate_series(1, 50) i"] },
        { "tables of another owner", true, [Plain, "ALTER TABLE {s}.checkpoints OWNER TO pg_monitor; GRANT SELECT ON {s}.checkpoints TO CURRENT_USER"] },
    };

    [Theory]
    [MemberData(nameof(Captured))]
    public async Task It_comes_back_as_it_was(string what, bool python, string[] changes)
    {
        await using var store = await CreateAsync(python, changes);
        await using var copy = (PostgresUnderTest)store.Another();
        var contents = await Contents.ReadAsync(store.Source);
        Assert.NotEmpty(contents.Units);
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source), what);
        foreach (var table in new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes", "checkpoint_migrations" })
        {
            var rows = $"SELECT coalesce(string_agg(r::text, E'\n' ORDER BY r::text COLLATE \"C\"), '') FROM {{s}}.{table} r";
            Assert.Equal(await store.ScalarAsync<string>(rows), await copy.ScalarAsync<string>(rows));
        }
        // An app goes on with the restored tables.
        await copy.ExecuteAsync("INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES ('new', 'c', '{}'); INSERT INTO {s}.checkpoint_blobs (thread_id, channel, version, type) VALUES ('new', 'm', '1', 'empty')");
        Assert.Equal(contents.Units.Count() + 1, (await Contents.ReadAsync(copy.Source)).Units.Count());
    }

    [Theory]
    [InlineData("uuid")]
    public async Task Ids_of_type_uuid_are_text_like_any_other(string type)
    {
        await using var store = new PostgresUnderTest(fixture.Database);
        await store.ExecuteAsync(Tables.Threads(python: true, type));
        await store.ExecuteAsync("""
            INSERT INTO {s}.checkpoints (thread_id, checkpoint_id, checkpoint) SELECT md5(i::text)::uuid, md5('c')::uuid, '{}' FROM generate_series(1, 100) i;
            INSERT INTO {s}.checkpoint_blobs (thread_id, channel, version, type) SELECT md5(i::text)::uuid, 'm', '1', 'empty' FROM generate_series(1, 100) i;
            """);
        var contents = await Contents.ReadAsync(store.Source);
        Assert.Equal(100, contents.Units.Count());
        await using (var cut = await store.Source.CutAsync(default))
        {
            var read = new Contents();
            await cut.CaptureAsync([UnitId.Thread("c4ca4238-a0b9-2382-0dcc-509a6f75849b"), UnitId.Thread("no uuid")], read, default);
            Assert.Single(read.Units);
        }
        await using var copy = (PostgresUnderTest)store.Another();
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source));
        // Text holds every uuid; a uuid does not hold every text.
        await using var text = await CreateAsync(true);
        await StoreUnderTest.RestoreAsync(text.Target, await store.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(text.Source));
        var refused = await Assert.ThrowsAsync<BackupException>(async () => await copy.Target.OpenAsync(await text.IntentAsync(), default));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains("thread_id", refused.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "ALTER TABLE {s}.checkpoint_blobs DROP CONSTRAINT checkpoint_blobs_pkey, DROP COLUMN version", "shallow" },
        { "DROP TABLE {s}.checkpoints; CREATE TABLE {s}.checkpoints (thread_id text, checkpoint_ns text, checkpoint jsonb, metadata jsonb)", "shallow" },
        { "ALTER TABLE {s}.checkpoint_writes RENAME TO w; CREATE VIEW {s}.checkpoint_writes AS TABLE {s}.w", "view" },
        { "ALTER TABLE {s}.checkpoint_writes RENAME TO w; CREATE MATERIALIZED VIEW {s}.checkpoint_writes AS TABLE {s}.w", "view" },
        { "CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER IF NOT EXISTS far FOREIGN DATA WRAPPER postgres_fdw; DROP TABLE {s}.checkpoint_blobs; CREATE FOREIGN TABLE {s}.checkpoint_blobs (thread_id text, checkpoint_ns text, channel text, version text, type text, blob bytea) SERVER far", "foreign table" },
        { """
          CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER IF NOT EXISTS far FOREIGN DATA WRAPPER postgres_fdw; DROP TABLE {s}.checkpoint_blobs;
          CREATE TABLE {s}.checkpoint_blobs (thread_id text, checkpoint_ns text, channel text, version text, type text, blob bytea) PARTITION BY HASH (thread_id);
          CREATE FOREIGN TABLE {s}.far_part PARTITION OF {s}.checkpoint_blobs FOR VALUES WITH (MODULUS 1, REMAINDER 0) SERVER far
          """, "partition that is a foreign table" },
        { "CREATE TABLE {s}.child (note text) INHERITS ({s}.checkpoints)", "inherit" },
        { "ALTER TABLE {s}.checkpoint_writes DROP COLUMN channel", "channel" },
        { "ALTER TABLE {s}.checkpoint_writes ALTER idx TYPE bigint", "idx" },
        { "ALTER TABLE {s}.checkpoint_blobs ALTER blob TYPE text", "blob" },
        { "ALTER TABLE {s}.checkpoints ALTER metadata DROP DEFAULT, ALTER metadata TYPE text", "metadata" },
        { "ALTER TABLE {s}.checkpoints ALTER thread_id TYPE varchar", "thread_id" },
        { "ALTER TABLE {s}.checkpoints ALTER thread_id TYPE text COLLATE \"POSIX\"", "collation" },
        { "CREATE COLLATION IF NOT EXISTS public.folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ALTER TABLE {s}.checkpoints ALTER thread_id TYPE text COLLATE public.folding", "count as equal" },
        { "ALTER TABLE {s}.checkpoints DROP CONSTRAINT checkpoints_pkey", "no primary key" },
        { "ALTER TABLE {s}.checkpoints DROP CONSTRAINT checkpoints_pkey, ADD tenant text, ADD PRIMARY KEY (tenant, thread_id, checkpoint_ns, checkpoint_id)", "primary key" },
        { "CREATE TABLE {s}.store_migrations (v int); CREATE TABLE {s}.store (id int, name text)", "long-term memory" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task It_is_refused_by_name(string change, string said)
    {
        await using var store = await CreateAsync(true, change);
        var error = await Assert.ThrowsAsync<BackupException>(() => store.Source.CutAsync(default));
        Assert.Equal(ErrorKind.Usage, error.Kind);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }

    [Fact]
    public async Task A_schema_of_any_name()
    {
        await using var store = await new PostgresUnderTest(fixture.Database, "It's \"the\" Schema; 🧵").SetupAsync(true, Plain);
        await using var copy = new PostgresUnderTest(fixture.Database, "UPPER \"copy\"");
        var contents = await Contents.ReadAsync(store.Source);
        await StoreUnderTest.RestoreAsync(copy.Target, await store.IntentAsync(), contents);
        Contents.AssertEqual(contents, await Contents.ReadAsync(copy.Source));
    }

    [Fact]
    public async Task A_table_that_only_has_the_name_of_long_term_memory_is_left_out_and_said()
    {
        await using var store = await CreateAsync(true, Plain, "CREATE TABLE {s}.store (id int, city text)");
        await using var cut = await store.Source.CutAsync(default);
        Assert.Contains("store is not LangGraph's", Assert.Single(cut.Description.Warnings), StringComparison.Ordinal);
        Assert.Single((await Contents.ReadAsync(cut)).Units);
    }

    [Fact]
    public async Task A_schema_without_the_tables_is_not_found()
    {
        await using var store = new PostgresUnderTest(fixture.Database);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<BackupException>(() => store.Source.CutAsync(default))).Kind);
    }

    private async Task<PostgresUnderTest> CreateAsync(bool python, params string[] changes)
    {
        var store = new PostgresUnderTest(fixture.Database);
        return await store.SetupAsync(python, changes.Select(c => c.Replace("{x}", store.Schema, StringComparison.Ordinal)).ToArray());
    }
}
