using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Backup.Benchmarks.Data;

/// <summary>Appends rows to one table.</summary>
internal sealed class TableWriter
{
    private readonly Table table;
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlBinaryImporter importer;

    private TableWriter(Table table, NpgsqlConnection connection, NpgsqlBinaryImporter importer)
    {
        this.table = table;
        this.connection = connection;
        this.importer = importer;
    }

    public long Rows { get; private set; }

    public long Bytes { get; private set; }

    public static async Task<TableWriter> OpenAsync(NpgsqlDataSource database, string schema, Table table)
    {
        var connection = await database.OpenConnectionAsync();
        return new(table, connection, await connection.BeginBinaryImportAsync($"copy {schema}.{table.Name} ({table.ColumnList}) from stdin (format binary)"));
    }

    public static long Size(Row row) => row.Texts.Sum(t => (long)(t?.Length ?? 0)) + (row.Blob?.Length ?? 0);

    public async Task WriteAsync(Row row)
    {
        await importer.StartRowAsync();
        for (var i = 0; i < table.Columns.Count; i++)
        {
            if (row.Texts[i] is not { } text) await importer.WriteNullAsync();
            else if (table.Columns[i].Type == "integer") await importer.WriteAsync(int.Parse(text, CultureInfo.InvariantCulture), NpgsqlDbType.Integer);
            else await importer.WriteAsync(text, table.Columns[i].Type == "jsonb" ? NpgsqlDbType.Jsonb : NpgsqlDbType.Text);
        }
        if (table.HasBlob)
        {
            if (row.Blob is { } blob) await importer.WriteAsync(blob, NpgsqlDbType.Bytea);
            else await importer.WriteNullAsync();
        }
        Rows++;
        Bytes += Size(row);
    }

    public async Task CompleteAsync()
    {
        await importer.CompleteAsync();
        await importer.DisposeAsync();
        await connection.DisposeAsync();
    }
}
