using System.Runtime.CompilerServices;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Changes;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>A cut: how to get a connection that sees it, and the queries that read it.</summary>
internal sealed class PostgresCut(PostgresStoreOptions store, StoreLayout layout, CutDescription description, IReadScope scope) : ISourceCut
{
    public CutDescription Description => description;

    public IChangeTracking Changes { get; } = new PostgresChanges(store, layout, description, scope);

    public Task<IReadOnlyList<Shard>> PlanAsync(int wanted, CancellationToken cancellation) => PostgresErrors.GuardAsync<IReadOnlyList<Shard>>(store, async () =>
    {
        await using var lease = await scope.OpenAsync(cancellation);
        var shards = new List<Shard>();
        string? from = null;
        foreach (var boundary in await ShardPlanner.BoundariesAsync(lease.Connection, layout, wanted, cancellation))
        {
            shards.Add(new(shards.Count, UnitKind.Thread, from, boundary));
            from = boundary;
        }
        shards.Add(new(shards.Count, UnitKind.Thread, from, null));
        if (layout.HasMemory) shards.Add(new(shards.Count, UnitKind.Memory, null, null));
        return shards;
    });

    public Task CaptureAsync(Shard shard, IRecordSink sink, CancellationToken cancellation) => PostgresErrors.GuardAsync(store, async () =>
    {
        var tables = RecordColumns.Of(layout, shard.Kind);
        await using var lease = await scope.OpenAsync(cancellation);
        await UnitStream.RunAsync(store, lease.Connection, new CaptureQuery(store.Schema, tables).Range(shard.From, shard.To), tables, shard.Kind, sink, cancellation);
    });

    public Task CaptureAsync(IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) => PostgresErrors.GuardAsync(store, async () =>
    {
        await using var lease = await scope.OpenAsync(cancellation);
        foreach (var kind in units.GroupBy(u => u.Kind))
        {
            var tables = RecordColumns.Of(layout, kind.Key);
            var ids = kind.Select(u => u.Id).Distinct(StringComparer.Ordinal).Where(id => CanExist(tables, id)).ToList();
            if (tables.Count > 0 && ids.Count > 0)
                await UnitStream.RunAsync(store, lease.Connection, new CaptureQuery(store.Schema, tables).Units(ids), tables, kind.Key, sink, cancellation);
        }
    });

    public async IAsyncEnumerable<UnitId> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var lease = await scope.OpenAsync(cancellation);
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            var tables = RecordColumns.Of(layout, kind);
            if (tables.Count == 0) continue;
            await using var command = new NpgsqlCommand(new CaptureQuery(store.Schema, tables).List(), lease.Connection);
            await using var reader = await PostgresErrors.GuardAsync(store, () => command.ExecuteReaderAsync(cancellation));
            while (await PostgresErrors.GuardAsync(store, () => reader.ReadAsync(cancellation))) yield return new(kind, reader.GetString(0));
        }
    }

    public ValueTask DisposeAsync() => scope.DisposeAsync();

    // An id that is no uuid is in no uuid column, and asking for it would be an error of the server's; neither holds a NUL.
    private static bool CanExist(IReadOnlyList<RecordColumns> tables, string id) =>
        !id.Contains('\0', StringComparison.Ordinal)
        && (tables.Count == 0 || tables[0].Table.Columns.First(c => c.Name == tables[0].Unit).Type != "uuid" || Guid.TryParseExact(id, "D", out _));
}
