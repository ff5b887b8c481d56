using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Checkpoints.Stores;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>Runs one capture statement and hands its rows to a sink, unit by unit.</summary>
internal static class UnitStream
{
    public static async Task RunAsync(PostgresStoreOptions store, NpgsqlConnection connection, string copy, IReadOnlyList<RecordColumns> tables, UnitKind kind, IRecordSink sink, CancellationToken cancellation, bool keysOnly = false)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(copy, cancellation);
        var rows = new CopyRowReader(stream, store.ReadLimit);
        var encoder = new RowEncoder(tables);
        byte[]? unit = null;
        try
        {
            while (await rows.ReadAsync(cancellation))
            {
                if (unit is null || !rows[0].SequenceEqual(unit))
                {
                    if (unit is not null) await sink.EndAsync(cancellation);
                    unit = rows[0].ToArray();
                    await sink.BeginAsync(new(kind, System.Text.Encoding.UTF8.GetString(unit)), cancellation);
                }
                await sink.WriteAsync(keysOnly ? encoder.EncodeKey(rows) : encoder.Encode(rows), cancellation);
            }
        }
        catch
        {
            // Otherwise disposing would read the rest of the table.
            await stream.CancelAsync();
            throw;
        }
        if (unit is not null) await sink.EndAsync(cancellation);
    }
}
