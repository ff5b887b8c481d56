using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>A restore into tables it has just made: several loaders, each thread in one transaction, keys and indexes last.</summary>
internal sealed class FreshSession(PostgresStoreOptions target, Connections connections, NpgsqlConnection keeper, StoreLayout layout, StoreLayout captured, IReadOnlyList<TableLayout> made, IReadOnlyList<DroppedExtra> dropped) : ITargetSession
{
    public bool Fresh => true;

    public int MaxLoaders => target.Loaders;

    public IReadOnlyList<DroppedExtra> Dropped => dropped;

    public Task<ITargetLoader> OpenLoaderAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync<ITargetLoader>(target, async () =>
    {
        var connection = await connections.WriteAsync(cancellation);
        // The last commit of the session waits for the log on disk, and with it for all before it.
        await SessionOpening.ExecuteAsync(connection, "set synchronous_commit = off", cancellation);
        return new PostgresLoader(target, connection, layout, new OwnTransactions(connection), ownsConnection: true);
    });

    public async Task<ISourceCut> ReadAsync(CancellationToken cancellation) =>
        (await CutOpening.OpenAsync(target, connections.ReadAsync, null, now => TargetRules.View(now, captured), null, cancellation))!;

    public Task RemoveAsync(IReadOnlyCollection<UnitId> units, CancellationToken cancellation) => throw new InvalidOperationException("a fresh target holds nothing to remove");

    public Task SettleAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(target, async () =>
    {
        await Parallel.ForEachAsync(made, new ParallelOptions { MaxDegreeOfParallelism = target.Loaders, CancellationToken = cancellation }, async (table, token) =>
        {
            await using var connection = await connections.WriteAsync(token);
            await SessionOpening.ExecuteAsync(connection, "set maintenance_work_mem = '128MB'", token);
            foreach (var statement in Ddl.Keys(target.Schema, table)) await SessionOpening.ExecuteAsync(connection, statement, token);
            await SessionOpening.ExecuteAsync(connection, $"ANALYZE {Ddl.Name(target.Schema, table)}", token);
        });
        await using var last = await connections.WriteAsync(cancellation);
        foreach (var statement in made.SelectMany(t => Ddl.Relations(target.Schema, t))) await SessionOpening.ExecuteAsync(last, statement, cancellation);
    });

    public Task CommitAsync(CancellationToken cancellation) => PostgresErrors.GuardAsync(target, async () =>
    {
        await using var connection = await connections.WriteAsync(cancellation);
        foreach (var statement in made.SelectMany(t => Ddl.Numbers(target.Schema, t))) await SessionOpening.ExecuteAsync(connection, statement, cancellation);
        await MigrationRows.InsertAsync(connection, target.Schema, captured, layout, cancellation);
    });

    public ValueTask DisposeAsync() => Connections.CloseAsync(keeper);
}
