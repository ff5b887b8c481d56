using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Describes a cut: time, position, and what the source is.</summary>
internal static class CutReader
{
    /// <summary>In a cut's identity when its position is exact: every commit below it is in the cut, none at or above it.</summary>
    public const string PositionExact = "positionExact";

    /// <summary>The first transaction that a snapshot knows nothing of. A slot's snapshot may give a number below its xmin, which counts first.</summary>
    public const string Xmax = "select greatest(pg_snapshot_xmin(pg_current_snapshot()), pg_snapshot_xmax(pg_current_snapshot()))";

    private static readonly (string Name, string Query)[] Facts =
    [
        ("snapshotXmin", "select pg_snapshot_xmin(pg_current_snapshot())::text"),
        ("snapshotXmax", $"select ({Xmax})::text"),
    ];

    private const string Position = "select (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)::text";

    /// <param name="connection">A connection that sees the cut.</param>
    /// <param name="layout">What is shown of the store.</param>
    /// <param name="tables">Its tables' ids.</param>
    /// <param name="snapshot">Name under which the connection exports the cut's snapshot.</param>
    /// <param name="joined">The cut that was joined, or null for one that was taken now.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task<CutDescription> DescribeAsync(
        NpgsqlConnection connection, StoreLayout layout, IReadOnlyDictionary<string, uint> tables, string snapshot, CutToken? joined, CancellationToken cancellation)
    {
        var identity = await SourceIdentity.ReadAsync(connection, layout.Schema, tables, cancellation);
        foreach (var (name, query) in Facts)
            if (await SourceIdentity.TryAsync(connection, query, cancellation) is { } value) identity[name] = value;
        var token = joined is { } other ? other with { Snapshot = snapshot } : new CutToken(snapshot, await SourceIdentity.TryAsync(connection, Position, cancellation), Exact: false);
        if (token.Exact) identity[PositionExact] = "true";
        await using var time = new NpgsqlCommand("select now()", connection);
        await using var estimate = new NpgsqlCommand("""
            select coalesce((select case when s.n_distinct < 0 then -s.n_distinct * greatest(c.reltuples, 0) else s.n_distinct end
              from pg_catalog.pg_stats s join pg_catalog.pg_class c on c.oid = $2 where s.schemaname = $1 and s.tablename = 'checkpoints' and s.attname = 'thread_id'), 0)::bigint
            """, connection) { Parameters = { new() { Value = layout.Schema }, new() { Value = tables[TableNames.Checkpoints], DataTypeName = "oid" } } };
        return new()
        {
            Token = token.ToString(), Time = new DateTimeOffset((DateTime)(await time.ExecuteScalarAsync(cancellation))!).ToUniversalTime(), Position = token.Position,
            Identity = identity, Layout = layout.Encode(), Warnings = layout.Notes, UnitsEstimate = (long)(await estimate.ExecuteScalarAsync(cancellation))!,
        };
    }
}
