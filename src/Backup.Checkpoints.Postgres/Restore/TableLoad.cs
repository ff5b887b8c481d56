using Backup.Checkpoints.Encoding;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Layouts;
using Backup.Contracts;
using Npgsql;

namespace Backup.Checkpoints.Postgres.Restore;

/// <summary>Rows on their way into one table. A column whose type has no simple binary form goes through a temporary table as text.</summary>
internal sealed class TableLoad
{
    private readonly string table;
    private readonly RecordColumns columns;
    private readonly ColumnLayout[] targets;
    private readonly bool staged;
    private readonly string staging;
    private readonly CopyBuffer rows = new();
    private readonly Dictionary<string, Range> extras = [];
    private bool stagingMade;

    public TableLoad(string schema, RecordColumns columns)
    {
        this.columns = columns;
        table = Ddl.Name(schema, columns.Table);
        staging = $"backup_{columns.Table.Name}";
        targets = columns.Table.Columns.Where(c => c.Name == columns.Unit || columns.Fields.Contains(c.Name) || columns.Extras.Contains(c.Name)).ToArray();
        staged = targets.Any(c => !IsDirect(c));
    }

    public int Pending => rows.Length;

    /// <summary>Adds a record as a row.</summary>
    /// <exception cref="BackupException">Usage: the table has no place for a part of the record.</exception>
    public void Add(UnitId unit, ReadOnlySpan<byte> unitId, EncodedRecord record)
    {
        var fields = Fields(record, out var index);
        rows.Row(targets.Length);
        foreach (var column in targets)
        {
            if (column.Name == columns.Unit) { Write(column, unitId); continue; }
            if (column.Name == "idx" && columns.Kind == RecordKind.PendingWrite)
            {
                if (column.Type == "integer" && !staged) rows.Integer(index);
                else Write(column, System.Text.Encoding.ASCII.GetBytes(index.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                continue;
            }
            var place = Array.IndexOf(columns.Fields, column.Name) is >= 0 and var field ? fields[field] : extras.TryGetValue(column.Name, out var extra) ? extra : null;
            extras.Remove(column.Name);
            if (place is { } range) Write(column, record.Bytes.Span[range]); else rows.Null();
        }
        if (extras.Count > 0) throw Lost(unit, extras.Keys.First());
        var path = Array.IndexOf(columns.Fields, "task_path");
        if (path >= 0 && !columns.Table.Has("task_path") && fields[path] is { } value && record.Bytes.Span[value].Length > 0) throw Lost(unit, "task_path");
    }

    /// <summary>Sends the rows.</summary>
    public async Task SendAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (rows.Length == 0) return;
        rows.End();
        var names = string.Join(", ", targets.Select(c => Sql.Name(c.Name)));
        if (staged && !stagingMade)
        {
            var definitions = targets.Select(c => $"{Sql.Name(c.Name)} {(c.Form == "bytea" ? "bytea" : "text")}");
            await SessionOpening.ExecuteAsync(connection, $"drop table if exists pg_temp.{staging}; create temporary table {staging} ({string.Join(", ", definitions)}) on commit preserve rows", cancellation);
            stagingMade = true;
        }
        var copy = await connection.BeginRawBinaryCopyAsync($"copy {(staged ? $"pg_temp.{staging}" : table)} ({names}) from stdin (format binary)", cancellation);
        try
        {
            await copy.WriteAsync(rows.Bytes, cancellation);
        }
        catch
        {
            // Disposing alone would commit the rows that were sent so far.
            await copy.CancelAsync();
            throw;
        }
        await copy.DisposeAsync();
        rows.Clear();
        if (!staged) return;
        var casts = string.Join(", ", targets.Select(c => c.Form == "bytea" ? Sql.Name(c.Name) : $"{Sql.Name(c.Name)}::{c.Type}"));
        await SessionOpening.ExecuteAsync(connection, $"insert into {table} ({names}) overriding system value select {casts} from pg_temp.{staging}; truncate pg_temp.{staging}", cancellation);
    }

    // The places of the record's fields, in the order of RecordColumns.Fields; extras by name.
    private Range?[] Fields(EncodedRecord record, out int index)
    {
        var reader = new RecordReader(record.Bytes.Span);
        index = 0;
        Range?[] fields;
        switch (record.Kind)
        {
            case RecordKind.ChannelBlob:
                fields = [reader.Slice(), reader.Slice(), reader.Slice(), reader.Slice(), reader.OptionalSlice()];
                break;
            case RecordKind.Checkpoint:
                Range ns = reader.Slice(), id = reader.Slice();
                if (reader.Unsigned() != (byte)EnvelopeForm.JsonSplit) throw new RecordFormatException("an envelope form PostgreSQL has no place for");
                fields = [ns, id, reader.OptionalSlice(), reader.OptionalSlice(), reader.Slice(), reader.Slice()];
                break;
            case RecordKind.PendingWrite:
                Range writeNs = reader.Slice(), checkpoint = reader.Slice(), task = reader.Slice();
                index = checked((int)reader.Signed());
                fields = [writeNs, checkpoint, task, null, reader.Slice(), reader.OptionalSlice(), reader.Slice(), reader.Slice()];
                break;
            case RecordKind.StoreItem:
                fields = [reader.Slice(), reader.Slice()];
                break;
            case RecordKind.StoreVector:
                fields = [reader.Slice(), reader.Slice()];
                break;
            default:
                throw new RecordFormatException($"record kind {record.Kind}");
        }
        extras.Clear();
        var count = reader.Unsigned();
        for (ulong i = 0; i < count; i++) extras[reader.Text()] = reader.Slice();
        reader.End();
        return fields;
    }

    private void Write(ColumnLayout column, ReadOnlySpan<byte> value)
    {
        if (staged || column.Type is not ("jsonb" or "uuid")) rows.Field(value);
        else if (column.Type == "jsonb") rows.Jsonb(value);
        else rows.Field(Guid.Parse(System.Text.Encoding.ASCII.GetString(value)).ToByteArray(bigEndian: true));
    }

    private BackupException Lost(UnitId unit, string column) =>
        new(ErrorKind.Usage, $"table {table} has no column '{column}' for a record of {unit}", "Nothing of this thread was changed. Add the column, or restore into an empty schema.");

    private static bool IsDirect(ColumnLayout column) =>
        column.Type is "text" or "jsonb" or "json" or "bytea" or "uuid" or "character varying"
        || column.Type.StartsWith("character varying(", StringComparison.Ordinal) || column is { Name: "idx", Type: "integer" };
}
