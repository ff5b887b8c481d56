using System.Text;
using Backup.Checkpoints.Model;
using Backup.Checkpoints.Postgres.Layouts;

namespace Backup.Checkpoints.Postgres.Capture;

/// <summary>
/// The statements that read units. Rows of all tables of a unit come in one stream, unit by unit: the server merges the tables'
/// primary key indexes, so nothing is sorted and no collation needs to be known here.
/// </summary>
/// <remarks>Columns of every row: unit id as text, record kind, the <c>blob</c> column, then the other fields and the extras of the kind as text, padded with nulls.</remarks>
internal sealed class CaptureQuery(string schema, IReadOnlyList<RecordColumns> tables)
{
    private readonly int width = tables.Max(t => t.TextColumns.Count);

    /// <summary>The unit column's type.</summary>
    private string UnitType => tables[0].Table.Columns.First(c => c.Name == tables[0].Unit).Type;

    /// <summary>Units from one id on to before another, in the database's order.</summary>
    public string Range(string? from, string? to)
    {
        var branches = tables.Select(t => $"({Select(t, Sql.Name(t.Unit) + " as u")} from {Name(t)})");
        // The bounds stand outside: branches with conditions of their own are not merged by their indexes but appended and sorted.
        return $"copy (select {Output} from ({string.Join(" union all ", branches)}) rows{Where(from, to)} order by u) to stdout (format binary)";
    }

    /// <summary>The units named, in the order named; of their rows those that meet <paramref name="condition"/>.</summary>
    public string Units(IEnumerable<string> ids, string condition = "true") => Units(ids, condition, keysOnly: false);

    private string Units(IEnumerable<string> ids, string condition, bool keysOnly)
    {
        var branches = tables.Select(t => $"({Select(t, "null", keysOnly)} from {Name(t)} where {Sql.Name(t.Unit)} = w.u and {condition})");
        var columns = string.Concat(Enumerable.Range(0, width).Select(i => $", c{i}"));
        return $"copy (select w.u::text, rows.k, rows.b{columns.Replace(", c", ", rows.c", StringComparison.Ordinal)} from (select x::{UnitType} as u from unnest({Sql.Array(ids)}) with ordinality a(x, n) order by n offset 0) w "
            // Without the offset a single table is joined as the planner likes, and the units' rows come mixed.
            + $"cross join lateral (select * from ({string.Join(" union all ", branches)}) branches offset 0) rows(x, k, b{columns})) to stdout (format binary)";
    }

    /// <summary>Of the units named the keys alone of those rows that meet <paramref name="condition"/>; every other field is null.</summary>
    public string UnitKeys(IEnumerable<string> ids, string condition) => Units(ids, condition, keysOnly: true);

    /// <summary>Every unit id, once, by the bytes of its text, found by skipping through the indexes.</summary>
    public string List()
    {
        var skips = tables.Select((t, i) => $"""
            s{i}(u) as (
              (select {Sql.Name(t.Unit)} from {Name(t)} order by 1 limit 1)
              union all
              select (select t.{Sql.Name(t.Unit)} from {Name(t)} t where t.{Sql.Name(t.Unit)} > s{i}.u order by 1 limit 1) from s{i} where s{i}.u is not null)
            """);
        var union = string.Join(" union ", tables.Select((_, i) => $"select u from s{i} where u is not null"));
        return $"with recursive {string.Join(", ", skips)} select u::text from ({union}) units order by u::text collate \"C\"";
    }

    private string Output => "u::text, k, b" + string.Concat(Enumerable.Range(0, width).Select(i => $", c{i}"));

    private string Name(RecordColumns table) => $"{Sql.Name(schema)}.{Sql.Name(table.Table.Name)}";

    private string Select(RecordColumns table, string unit, bool keysOnly = false)
    {
        var sql = new StringBuilder($"select {unit}, {(int)table.Kind} as k, {(table.HasBlob && !keysOnly ? "blob" : "null::bytea")} as b");
        var columns = keysOnly ? table.KeyColumns : table.TextColumns.Count;
        for (var i = 0; i < width; i++)
            sql.Append(", ").Append(i < columns && table.Table.Has(table.TextColumns[i]) ? $"{Sql.Name(table.TextColumns[i])}::text" : "null::text").Append($" as c{i}");
        return sql.ToString();
    }

    private string Where(string? from, string? to)
    {
        var conditions = new List<string>();
        if (from is not null) conditions.Add($"u >= {Sql.Text(from)}::{UnitType}");
        if (to is not null) conditions.Add($"u < {Sql.Text(to)}::{UnitType}");
        return conditions.Count == 0 ? "" : " where " + string.Join(" and ", conditions);
    }
}
