using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>
/// Loads units by binary COPY: rows gather until some megabytes are there and are sent table by table, blobs first, checkpoints
/// last. A transaction ends only between units.
/// </summary>
internal sealed class PostgresLoader : ITargetLoader
{
    private const int SendAt = 4 << 20;
    private readonly PostgresStoreOptions target;
    private readonly NpgsqlConnection connection;
    private readonly StoreLayout layout;
    private readonly ITransactions transactions;
    private readonly bool ownsConnection;
    private readonly Dictionary<RecordKind, TableLoad> tables = [];
    private UnitId unit;
    private byte[] unitId = [];
    private long pending; // bytes that wait in the tables' buffers

    public PostgresLoader(PostgresStoreOptions target, NpgsqlConnection connection, StoreLayout layout, ITransactions transactions, bool ownsConnection)
    {
        this.target = target;
        this.connection = connection;
        this.layout = layout;
        this.transactions = transactions;
        this.ownsConnection = ownsConnection;
        foreach (var columns in (RecordColumns[])[.. RecordColumns.OfThreads(layout), .. RecordColumns.OfMemory(layout)])
            tables[columns.Kind] = new(target.Schema, columns);
    }

    // Blobs, writes, checkpoints: a checkpoint that can be seen has what it names. Items before the vectors that refer to them.
    private static readonly RecordKind[] SendOrder = [RecordKind.ChannelBlob, RecordKind.PendingWrite, RecordKind.Checkpoint, RecordKind.StoreItem, RecordKind.StoreVector];

    public async ValueTask BeginAsync(UnitId next, bool replace, CancellationToken cancellation)
    {
        unit = next;
        unitId = System.Text.Encoding.UTF8.GetBytes(next.Id);
        if (!replace) return;
        await SendAsync(cancellation);
        await PostgresErrors.GuardAsync(target, async () =>
        {
            await transactions.BeginAsync(cancellation);
            await UnitRemoval.RunAsync(connection, target.Schema, layout, [next], cancellation);
        });
    }

    public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
    {
        if (!tables.TryGetValue(record.Kind, out var table))
            throw new BackupException(ErrorKind.Usage, $"'{target.Name}' has no table for a {record.Kind} of {unit}", "Nothing of this unit was changed.");
        var before = table.Pending;
        table.Add(unit, unitId, record);
        pending += table.Pending - before;
        return pending >= SendAt ? new(SendAsync(cancellation)) : default;
    }

    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        if (pending >= SendAt / 2) await SendAsync(cancellation);
        if (pending == 0) await PostgresErrors.GuardAsync(target, () => transactions.CommitAsync(cancellation));
    }

    public async Task CompleteAsync(CancellationToken cancellation)
    {
        await SendAsync(cancellation);
        await PostgresErrors.GuardAsync(target, () => transactions.CommitAsync(cancellation));
    }

    // What was not committed is rolled back with the connection.
    public ValueTask DisposeAsync() => ownsConnection ? connection.DisposeAsync() : default;

    private async Task SendAsync(CancellationToken cancellation)
    {
        if (pending == 0) return;
        try
        {
            await PostgresErrors.GuardAsync(target, async () =>
            {
                await transactions.BeginAsync(cancellation);
                foreach (var kind in SendOrder)
                    if (tables.TryGetValue(kind, out var table)) await table.SendAsync(connection, cancellation);
            });
            pending = 0;
        }
        catch (BackupException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or "22P05" })
        {
            throw new BackupException(ErrorKind.Usage, $"'{target.Name}' cannot hold a text of {unit} or a thread before it: {error.Message}",
                "PostgreSQL's text has no NUL character. Nothing of that thread was changed.", error);
        }
    }
}
