using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>
/// A restore in place as one transaction that keeps other writers out: it is compared before it is committed, and until then
/// nobody sees anything of it.
/// </summary>
internal sealed class LockedSession : ITargetSession, ITransactions
{
    private readonly PostgresStoreOptions target;
    private readonly NpgsqlConnection connection;
    private readonly StoreLayout layout;
    private readonly StoreLayout captured;

    private LockedSession(PostgresStoreOptions target, NpgsqlConnection connection, StoreLayout layout, StoreLayout captured, IReadOnlyList<DroppedExtra> dropped)
    {
        this.target = target;
        this.connection = connection;
        this.layout = layout;
        this.captured = captured;
        Dropped = dropped;
    }

    public bool Fresh => false;

    public int MaxLoaders => 1;

    public IReadOnlyList<DroppedExtra> Dropped { get; }

    public static async Task<LockedSession> OpenAsync(PostgresStoreOptions target, NpgsqlConnection connection, StoreLayout layout, StoreLayout captured, IReadOnlyList<DroppedExtra> dropped, CancellationToken cancellation)
    {
        // In the order in which LangGraph's savers write, so that neither waits for the other.
        var tables = layout.Tables.Where(t => !TableNames.IsMigrations(t.Name)).OrderBy(t => t.Name == TableNames.Blobs ? 0 : 1).Select(t => Ddl.Name(target.Schema, t));
        await SessionOpening.ExecuteAsync(connection, $"begin; lock table {string.Join(", ", tables)} in share row exclusive mode", cancellation);
        return new(target, connection, layout, captured, dropped);
    }

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) =>
        Task.FromResult<ITargetLoader>(new PostgresLoader(target, connection, layout, this, ownsConnection: false));

    public Task<ISourceCut> ReadAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync<ISourceCut>(target, async () =>
    {
        var found = (await LayoutReader.ReadAsync(connection, target, cancellation))!.Value;
        var view = TargetRules.View(found.Layout, captured);
        var description = await CutReader.DescribeAsync(connection, view, found.Ids, "in-transaction", null, cancellation);
        return new PostgresCut(target, view, description, new TransactionScope(connection));
    });

    public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation) =>
        PostgresErrors.GuardAsync(target, () => UnitRemoval.RunAsync(connection, target.Schema, layout, units, cancellation));

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(target, async () =>
    {
        await MigrationRows.InsertAsync(connection, target.Schema, captured, layout, cancellation);
        await SessionOpening.ExecuteAsync(connection, "commit", cancellation);
    });

    public ValueTask DisposeAsync() => Connections.CloseAsync(connection);

    Task ITransactions.BeginAsync(CancellationToken cancellation) => Task.CompletedTask;

    Task ITransactions.CommitAsync(CancellationToken cancellation) => Task.CompletedTask;

    private sealed class TransactionScope(NpgsqlConnection connection) : IReadScope
    {
        private readonly SemaphoreSlim gate = new(1);

        public async Task<ReadLease> OpenAsync(CancellationToken cancellation)
        {
            await gate.WaitAsync(cancellation);
            return new(connection, () =>
            {
                gate.Release();
                return default;
            });
        }

        public ValueTask DisposeAsync()
        {
            gate.Dispose();
            return default;
        }
    }
}
