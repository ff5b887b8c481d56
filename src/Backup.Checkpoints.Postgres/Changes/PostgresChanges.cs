using System.Runtime.CompilerServices;
using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Capture;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Changes;

/// <summary>What was written since an earlier cut, told by the transaction ids that rows carry.</summary>
internal sealed class PostgresChanges(PostgresStoreOptions store, StoreLayout layout, CutDescription now, IReadScope scope) : IChangeTracking
{
    public Continuity ContinuityWith(EarlierCut earlier) => ContinuityCheck.Check(now, layout, earlier);

    public async IAsyncEnumerable<UnitActivity> ActivityAsync(EarlierCut earlier, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var lease = await scope.OpenAsync(cancellation);
        // Captures forbid sorts and hashes, for their rows are wide; these are narrow, and a hash of a hundred thousand units has to stay in memory.
        await ExecuteAsync(lease.Connection, "set local enable_sort = on; set local enable_hashagg = on; select set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 32768)::text, true)", cancellation);
        foreach (var kind in new[] { UnitKind.Thread, UnitKind.Memory })
        {
            var tables = RecordColumns.Of(layout, kind);
            if (tables.Count == 0) continue;
            await using var command = new NpgsqlCommand(ActivityQuery.Of(store.Schema, tables, TouchedRows.Since(earlier)), lease.Connection) { CommandTimeout = 0 };
            await using var reader = await PostgresErrors.GuardAsync(store, () => command.ExecuteReaderAsync(cancellation));
            while (await PostgresErrors.GuardAsync(store, () => reader.ReadAsync(cancellation)))
            {
                var counts = new long[UnitDigest.Kinds + 1];
                for (var i = 0; i < tables.Count; i++) counts[(int)tables[i].Kind] = reader.GetInt64(2 + i);
                yield return new(new(kind, reader.GetString(0)), reader.GetBoolean(1), counts);
            }
        }
    }

    public async Task<IReadOnlyDictionary<UnitId, UnitDigest>> DigestUntouchedKeysAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, CancellationToken cancellation)
    {
        var sink = new KeySink();
        await RunAsync(units, (query, ids) => query.UnitKeys(ids, $"not {TouchedRows.Since(earlier)}"), sink, keysOnly: true, cancellation);
        foreach (var unit in units) sink.Digests.TryAdd(unit, new());
        return sink.Digests;
    }

    public Task CaptureTouchedAsync(EarlierCut earlier, IReadOnlyCollection<UnitId> units, IRecordSink sink, CancellationToken cancellation) =>
        RunAsync(units, (query, ids) => query.Units(ids, TouchedRows.Since(earlier)), sink, keysOnly: false, cancellation);

    private Task RunAsync(IReadOnlyCollection<UnitId> units, Func<CaptureQuery, IEnumerable<string>, string> statement, IRecordSink sink, bool keysOnly, CancellationToken cancellation) =>
        PostgresErrors.GuardAsync(store, async () =>
        {
            await using var lease = await scope.OpenAsync(cancellation);
            foreach (var kind in units.GroupBy(u => u.Kind))
            {
                var tables = RecordColumns.Of(layout, kind.Key);
                await UnitStream.RunAsync(store, lease.Connection, statement(new(store.Schema, tables), kind.Select(u => u.Id)), tables, kind.Key, sink, cancellation, keysOnly);
            }
        });

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private sealed class KeySink : IRecordSink
    {
        private UnitDigest digest = new();

        public Dictionary<UnitId, UnitDigest> Digests { get; } = [];

        public ValueTask BeginAsync(UnitId unit, CancellationToken cancellation)
        {
            Digests.Add(unit, digest = new());
            return default;
        }

        public ValueTask WriteAsync(EncodedRecord record, CancellationToken cancellation)
        {
            digest.AddKey(record.Kind, record.Key.Span);
            return default;
        }

        public ValueTask EndAsync(CancellationToken cancellation) => default;
    }
}
