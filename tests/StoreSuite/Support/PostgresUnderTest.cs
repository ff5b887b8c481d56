using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres;
using Backup.Checkpoints.Stores;
using Backup.Tests.EndToEnd.Support;
using Npgsql;

namespace Backup.Tests.StoreSuite.Support;

/// <summary>A schema with LangGraph's tables. Statements are those of its savers (formats.md §2.4), without ON CONFLICT where a test must notice.</summary>
internal sealed class PostgresUnderTest : StoreUnderTest
{
    private static int number;
    private readonly TestPostgres database;
    private readonly PostgresStore store;

    public PostgresUnderTest(TestPostgres database, string? schema = null, string options = "", int loaders = 2)
    {
        this.database = database;
        Schema = schema ?? $"s{Interlocked.Increment(ref number)}";
        ConnectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = options, ApplicationName = Schema }.ConnectionString;
        store = new(new() { Name = Schema, ConnectionString = ConnectionString, Schema = Schema, Writable = true, Loaders = loaders });
    }

    public string Schema { get; }

    public string ConnectionString { get; }

    public override ICheckpointSource Source => store;

    public override ICheckpointTarget Target => store;

    /// <summary>Makes the tables of the Python saver, or of the JS saver.</summary>
    public async Task<PostgresUnderTest> SetupAsync(bool python = true, params string[] changes)
    {
        await ExecuteAsync(Tables.Threads(python));
        foreach (var change in changes) await ExecuteAsync(change);
        return this;
    }

    /// <summary>Runs a statement in which <c>{s}</c> stands for the quoted schema.</summary>
    public Task ExecuteAsync(string sql) => database.ExecuteAsync(Named(sql));

    public Task<T> ScalarAsync<T>(string sql) => database.ScalarAsync<T>(Named(sql));

    public override async Task WriteAsync(Contents contents)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var unit in contents.Units)
            foreach (var record in contents.Records(unit)) await InsertAsync(connection, unit.Id, record);
        await transaction.CommitAsync();
    }

    public override Task DeleteAsync(string thread) =>
        ExecuteAsync(string.Concat(new[] { "checkpoints", "checkpoint_blobs", "checkpoint_writes" }.Select(t => $"DELETE FROM {{s}}.{t} WHERE thread_id = {Sql.Text(thread)}; ")));

    public override StoreUnderTest Another() => new PostgresUnderTest(database);

    public override ValueTask DisposeAsync() => store.DisposeAsync();

    public string Named(string sql) => sql.Replace("{s}", Sql.Name(Schema), StringComparison.Ordinal);

    private async Task InsertAsync(NpgsqlConnection connection, string thread, EncodedRecord record)
    {
        await using var command = record.Kind switch
        {
            RecordKind.Checkpoint => Insert(connection, "INSERT INTO {s}.checkpoints VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)", Checkpoint.Decode(record) is var c
                ? [thread, c.Namespace, c.CheckpointId, c.ParentId, c.Type, Text(c.Envelope), Text(c.Metadata)] : []),
            RecordKind.ChannelBlob => Insert(connection, "INSERT INTO {s}.checkpoint_blobs VALUES ($1, $2, $3, $4, $5, $6)", ChannelBlob.Decode(record) is var b
                ? [thread, b.Namespace, b.Channel, b.Version, b.Type, b.Value?.ToArray()] : []),
            _ => Insert(connection, "INSERT INTO {s}.checkpoint_writes VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", PendingWrite.Decode(record) is var w
                ? [thread, w.Namespace, w.CheckpointId, w.TaskId, w.Index, w.Channel, w.Type, w.Value.ToArray(), w.TaskPath] : []),
        };
        await command.ExecuteNonQueryAsync();
    }

    private NpgsqlCommand Insert(NpgsqlConnection connection, string sql, params object?[] values)
    {
        var command = new NpgsqlCommand(Named(sql), connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
}
