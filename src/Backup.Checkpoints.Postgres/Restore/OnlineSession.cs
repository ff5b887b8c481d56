using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>A restore into tables that others write to at the same time: each thread in one transaction, nothing locked.</summary>
internal sealed class OnlineSession(PostgresStoreOptions target, Connections connections, NpgsqlConnection keeper, StoreLayout layout, StoreLayout captured, IReadOnlyList<DroppedExtra> dropped) : ITargetSession
{
    public bool Fresh => false;

    public int MaxLoaders => target.Loaders;

    public IReadOnlyList<DroppedExtra> Dropped => dropped;

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync<ITargetLoader>(target, async () =>
    {
        var connection = await connections.WriteAsync(cancellation);
        return new PostgresLoader(target, connection, layout, new OwnTransactions(connection), ownsConnection: true);
    });

    public async Task<ISourceCut> ReadAsync(CancellationToken cancellation) =>
        (await CutOpening.OpenAsync(target, connections.ReadAsync, null, now => TargetRules.View(now, captured), null, cancellation))!;

    public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation) => PostgresErrors.GuardAsync(target, async () =>
    {
        await using var connection = await connections.WriteAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await UnitRemoval.RunAsync(connection, target.Schema, layout, units, cancellation);
        await transaction.CommitAsync(cancellation);
    });

    public Task SettleAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task CommitAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(target, async () =>
    {
        await using var connection = await connections.WriteAsync(cancellation);
        await MigrationRows.InsertAsync(connection, target.Schema, captured, layout, cancellation);
    });

    public ValueTask DisposeAsync() => Connections.CloseAsync(keeper);
}
